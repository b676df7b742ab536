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
import type { Manifest } from "../src/store/catalog/manifest.ts";
import { loadConfig } from "../src/base/config/load.ts";
import type { LogLine } from "../src/store/logs/logs.ts";
import { type Hooks, type Running, startMayfly } from "../src/main.ts";

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

/** The kernel setting for a driver: drivers other than qemu refuse any kernel but Linux. */
export function kernelFor(driver: unknown): Record<string, unknown> {
  return onOsv && driver !== undefined && driver !== "qemu" ? { kernel: "linux" } : {};
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
  /** Resolves with the app's log lines when one of them matches; fails after 20 s. */
  logged(app: string, pattern: RegExp): Promise<LogLine[]>;
}

export async function startPlatform(scope: Scope, settings: Record<string, unknown> = {}, hooks: Hooks = {}): Promise<Platform> {
  const stateDir = temporaryFolder(scope);
  const config = loadConfig({
    flags: { stateDir, listen: "127.0.0.1:0", api: "127.0.0.1:0", logLevel: "warn", ...kernelFor(settings["driver"]), ...settings },
  });
  const running = await startMayfly(config, hooks);
  scope.after(() => running.close());
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
  // The hooks of a test run in their order: a server that was started later is still alive, and may be writing.
  scope.after(() => rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
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
  const { manifest, bundles } = await bundleApp(join(projectDir, folder));
  await client.deploy({ ...manifest, ...changes }, bundles);
}

async function logged(client: Client, app: string, pattern: RegExp): Promise<LogLine[]> {
  let lines: LogLine[] = [];
  for (const until = Date.now() + 20_000; Date.now() < until; await sleep(50)) {
    lines = await client.logs({ app, tail: 10_000 });
    if (lines.some(({ text }) => pattern.test(text))) return lines;
  }
  throw new Error(
    `no line matches ${pattern}; the last ones:\n${lines
      .slice(-20)
      .map(({ text }) => text)
      .join("\n")}`,
  );
}

/** Polls until the value satisfies `holds`; fails after `ms` with the last value. */
export async function eventually<T>(what: string, probe: () => T | Promise<T>, holds: (value: T) => boolean, ms = 20_000): Promise<T> {
  const until = Date.now() + ms;
  for (;;) {
    const value = await probe();
    if (holds(value)) return value;
    if (Date.now() > until) throw new Error(`${what} did not come to hold; it was ${JSON.stringify(value)}`);
    await sleep(50);
  }
}

export function exampleFile(path: string): Buffer {
  return readFileSync(join(projectDir, "examples", path));
}
