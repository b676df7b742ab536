/**
 * A real platform for a test: with a new state folder, free ports, and the host's shared cache. It is closed and its folder removed when
 * the test ends.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Client, createClient } from "../src/doors/admin/client.ts";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import type { BundledApp } from "../src/bundle/bundled-app.ts";
import type { Manifest } from "../src/store/catalog/manifest.ts";
import { until } from "../src/base/clock/until.ts";
import { loadConfig } from "../src/base/config/load.ts";
import type { LogLine } from "../src/doors/admin/client.ts";
import { type Hooks, type Running, startMayfly } from "../src/main.ts";
import { afterwards } from "../src/base/testing/afterwards.ts";

export const projectDir = new URL("..", import.meta.url).pathname;
/**
 * With MAYFLY_KERNEL=osv, qemu's machines run OSv in every test. Tests of gvisor, which can't run OSv, are then skipped; they run without
 * the variable. Tests that need no machine of qemu's use the driver process as usual.
 */
export const onOsv = process.env["MAYFLY_KERNEL"] === "osv";
export const drivers: readonly ("qemu" | "gvisor")[] = onOsv ? ["qemu"] : ["qemu", "gvisor"];

/** Kinds of machine, by the settings that select them. OSv is included only if MAYFLY_OSV_KERNEL names a kernel (docs/osv.md). */
export const machineKinds: { name: string; settings: Record<string, unknown> }[] = [
  ...drivers.map((driver) => ({ name: onOsv ? "qemu with OSv" : driver, settings: { driver } })),
  ...(!onOsv && process.env["MAYFLY_OSV_KERNEL"] ? [{ name: "qemu with OSv", settings: { driver: "qemu", kernel: "osv" } }] : []),
];

/** The drivers whose machines have no choice of a kernel: they refuse any but Linux. */
const linuxOnly = new Set<unknown>(["gvisor", "process"]);

/** The kernel setting for a driver. */
export function kernelFor(driver: unknown): Record<string, unknown> {
  return onOsv && linuxOnly.has(driver) ? { kernel: "linux" } : {};
}

/** Anything that runs clean-ups at its end: the context of a test or a suite, or the one that `before` creates. */
export interface Scope {
  after(cleanUp: () => void | Promise<void>): void;
}

export interface Platform {
  running: Running;
  client: Client;
  stateDir: string;
  /** Deploys a folder of examples/ or test/apps/ with the given changes to its manifest. */
  deploy(folder: string, changes?: Partial<Manifest>): Promise<void>;
  /** @param path for example "/hello/hello?name=Ada" */
  call(path: string, init?: RequestInit): Promise<Response>;
  /** Resolves with the app's log lines when one of them matches; fails after a minute. */
  logged(app: string, pattern: RegExp): Promise<LogLine[]>;
}

export async function startPlatform(scope: Scope, settings: Record<string, unknown> = {}, hooks: Hooks = {}): Promise<Platform> {
  const stateDir = temporaryFolder(scope);
  const config = loadConfig({
    flags: { stateDir, listen: "127.0.0.1:0", api: "127.0.0.1:0", logLevel: "warn", ...kernelFor(settings["driver"]), ...settings },
  });
  const running = await startMayfly(config, hooks);
  afterwards(scope, () => running.close());
  const client = createClient({ url: running.apiUrl, token: running.token });
  return {
    running,
    client,
    stateDir,
    deploy: (folder, changes = {}) => deploy(client, folder, changes),
    call: (path, init) => fetch(running.gatewayUrl + path, init),
    logged: (app, pattern) => logged(client, app, pattern),
  };
}

/** Clean-ups run in reverse order: what was made last is removed first. */
export function createScope(): Scope & { close(): Promise<void> } {
  const cleanUps: (() => void | Promise<void>)[] = [];
  return {
    after: (cleanUp) => cleanUps.push(cleanUp),
    async close() {
      for (const cleanUp of cleanUps.toReversed()) await cleanUp();
    },
  };
}

export function temporaryFolder(scope: Scope): string {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-test-"));
  // What a machine or a worker began to write may still be coming after the server has ended.
  afterwards(scope, () => rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  return dir;
}

/** Copies an app's folder and replaces the text of some of its files. */
export function copyApp(scope: Scope, folder: string, files: Record<string, string>): string {
  const dir = join(temporaryFolder(scope), "app");
  cpSync(join(projectDir, folder), dir, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return dir;
}

export async function deploy(client: Client, folder: string, changes: Partial<Manifest> = {}): Promise<void> {
  const { manifest, bundles } = await bundleOnce(folder);
  await client.deploy({ ...manifest, ...changes }, bundles);
}

const bundled = new Map<string, Promise<BundledApp>>();

/** No test changes a folder of this repository, so that what a test file deploys several times is bundled once. */
function bundleOnce(folder: string): Promise<BundledApp> {
  const known = bundled.get(folder) ?? bundleApp(join(projectDir, folder));
  bundled.set(folder, known);
  return known;
}

async function logged(client: Client, app: string, pattern: RegExp): Promise<LogLine[]> {
  const matches = (lines: LogLine[]) => lines.some(({ text }) => pattern.test(text));
  return eventually(`a line that matches ${pattern}`, () => client.logs({ app, tail: 10_000 }), matches);
}

/** Milliseconds between two polls: the first, and the most. */
const POLL_MS = { first: 25, most: 500 };

/**
 * Polls until the value satisfies `holds`; fails after `ms` with the last value, or with the last ones of a list. Each pause is a fifth longer than the one
 * before it, because polls take CPU from what is waited for: a list of lines or machines costs some milliseconds of it.
 */
export async function eventually<T>(what: string, probe: () => T | Promise<T>, holds: (value: T) => boolean, ms = 60_000): Promise<T> {
  let value: T;
  let next = POLL_MS.first;
  const held = async () => holds((value = await probe()));
  const pause = () => {
    const now = next;
    next = Math.min(now * 1.2, POLL_MS.most);
    return sleep(now);
  };
  return until(held, { what, ms, pause }).then(
    () => value,
    (error: unknown) => {
      throw new Error(`${what} did not come to hold; it was ${JSON.stringify(Array.isArray(value) ? value.slice(-20) : value)}`, {
        cause: error,
      });
    },
  );
}

export function exampleFile(path: string): Buffer {
  return readFileSync(join(projectDir, "examples", path));
}
