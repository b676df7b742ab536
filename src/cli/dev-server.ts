/** The server that `mayfly dev` works with: one of its own, with a state folder that goes with it or that is kept, or one that runs already. */
import { mkdirSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { defaultRunDir } from "../base/config/folders.ts";
import { loadConfig } from "../base/config/load.ts";
import type { Config } from "../base/config/schema.ts";
import { showProgress } from "../base/terminal/terminal.ts";
import type { Client } from "../doors/admin/client.ts";
import { type InspectorDoor, openInspectorDoor } from "../dev-loop/inspector-door.ts";
import type { AppLoopOptions, NewRevision } from "../dev-loop/app-loop.ts";
import { MayflyError } from "../base/errors/error.ts";
import { type Hooks, type Running, startMayfly } from "../main.ts";
import { isAlive, readServerFile } from "../store/state-folder/lock.ts";
import { connect, devFolder, devStateDirs } from "./connection.ts";
import { addressOrAnyPort } from "./free-address.ts";
import { prepareHost } from "./prepare-host.ts";
import { serverLineInWords } from "./server-line.ts";

export interface DevServerOptions {
  api?: string;
  state?: string;
  listen?: string;
  driver?: string;
  kernel?: string;
  /** Where debuggers find functions, host:port. */
  inspect?: string;
  json?: true;
}

export interface DevServer {
  client: Client;
  /** Where functions are called, without a trailing slash. */
  gatewayUrl: string;
  /** Undefined for a server that ran already. */
  driver: { name: string; detail: string } | undefined;
  /** The state folder; undefined if the server was named by its API. */
  stateDir: string | undefined;
  /** Whether the state folder is removed at the end. */
  isEphemeral: boolean;
  /** Whether the server was started here. */
  isOwn: boolean;
  /** Where debuggers find functions; undefined: nowhere. */
  inspector: string | undefined;
  /** Only a server that was started here lets calls wait. */
  hold: (app: string, ms: number) => void;
  release: (app: string) => void;
  /** Makes the app's code what its calls run. */
  deploy: AppLoopOptions["deploy"];
  /** Ends a server that was started here, and removes its state unless that is kept. */
  close(): Promise<void>;
}

/** Calls in flight at Ctrl-C get this long, in milliseconds: whoever develops does not wait for more. */
const GRACE_MS = 1_000;

export async function openDevServer(options: DevServerOptions): Promise<DevServer> {
  const api = options.api ?? process.env.MAYFLY_API;
  refuseToInspect(options, api);
  if (api !== undefined || (options.state !== undefined && isAlive(readServerFile(options.state)?.pid))) return useRunning(options);
  await prepareHost();
  sweep();
  const { stateDir, isEphemeral } = stateOf(options);
  const inspectDir = inspectDirOf(options);
  const removeFolders = () => {
    if (inspectDir !== undefined) rmSync(inspectDir, REMOVED);
    if (isEphemeral) rmSync(stateDir, REMOVED);
  };
  const takeLog = options.json ? undefined : (line: string) => console.error(serverLineInWords(line));
  const development = { inspectDir, isEphemeral, takeLog };
  const started = endWhileStarting(removeFolders);
  const progress = showProgress();
  try {
    const running = await startOnFreePorts(options, stateDir, { progress: progress.step, development });
    const { client, gateway } = await connect({ state: stateDir }, { env: {} });
    const inspector = await openInspector(options, inspectDir, client).catch(async (error: unknown) => {
      await running.close();
      throw error;
    });
    return {
      client,
      gatewayUrl: (await gateway()).url,
      driver: running.driver,
      stateDir,
      isEphemeral,
      isOwn: true,
      inspector: inspector?.address,
      hold: (app, ms) => running.hold(app, ms),
      release: (app) => running.release(app),
      deploy: (manifest, bundles) => running.deploy(manifest, bundles),
      async close() {
        inspector?.close();
        await running.close();
        removeFolders();
      },
    };
  } catch (error) {
    removeFolders();
    throw error;
  } finally {
    started();
    progress.done();
  }
}

async function deployBy(client: Client, ...[manifest, bundles]: Parameters<AppLoopOptions["deploy"]>): Promise<NewRevision> {
  return { ...(await client.deploy(manifest, bundles)), settled: Promise.resolve() };
}

/** Starts once more if another program has taken a port since it was found free: that is not taken for the whole start. */
async function startOnFreePorts(options: DevServerOptions, stateDir: string, hooks: Hooks): Promise<Running> {
  try {
    return await startMayfly(await configOf(options, stateDir), hooks);
  } catch (error) {
    if (!(error instanceof MayflyError && error.code === "port-in-use")) throw error;
    return startMayfly(await configOf(options, stateDir), hooks);
  }
}

/** What a machine began to write may still be coming after the server has ended. */
const REMOVED = { recursive: true, force: true, maxRetries: 10, retryDelay: 50 } as const;

async function useRunning({ api, state }: DevServerOptions): Promise<DevServer> {
  const { client, gateway } = await connect({ ...(api !== undefined && { api }), ...(state !== undefined && { state }) });
  const { url } = await gateway();
  const nothing = () => undefined;
  return {
    client,
    gatewayUrl: url,
    driver: undefined,
    stateDir: state,
    isEphemeral: false,
    isOwn: false,
    inspector: undefined,
    hold: nothing,
    release: nothing,
    deploy: (manifest, bundles) => deployBy(client, manifest, bundles),
    close: async () => undefined,
  };
}

/** The inspectors of machines of OSv cannot be reached. */
function refuseToInspect({ inspect, kernel, state }: DevServerOptions, api: string | undefined): void {
  const refuse = (what: string) => {
    throw new MayflyError("not-done", { what });
  };
  if (inspect === undefined) return;
  if (kernel === "osv") refuse("--inspect is not for machines of OSv");
  if (api !== undefined || (state !== undefined && isAlive(readServerFile(state)?.pid)))
    refuse("--inspect is for a server that mayfly dev starts itself");
}

async function openInspector(
  { inspect }: DevServerOptions,
  inspectDir: string | undefined,
  client: Client,
): Promise<InspectorDoor | undefined> {
  if (inspect === undefined || inspectDir === undefined) return undefined;
  const appOf = async (machine: string) => (await client.machines()).find(({ id }) => id === machine)?.app ?? undefined;
  return openInspectorDoor(inspectDir, inspect, appOf);
}

function stateOf({ state }: DevServerOptions): { stateDir: string; isEphemeral: boolean } {
  if (state !== undefined) return { stateDir: state, isEphemeral: false };
  const stateDir = join(devFolder(), String(process.pid));
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  return { stateDir, isEphemeral: true };
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The first start makes an image, which takes minutes: a signal does not wait for it. @returns what ends this */
function endWhileStarting(removeFolders: () => void): () => void {
  const end = (_signal: NodeJS.Signals, number: number) => {
    removeFolders();
    process.exit(128 + number);
  };
  for (const signal of SIGNALS) process.on(signal, end);
  return () => {
    for (const signal of SIGNALS) process.off(signal, end);
  };
}

/** The folder for the addresses of machines' inspectors is beside the state folder, and not in it, because that may be kept. */
function inspectDirOf({ inspect }: DevServerOptions): string | undefined {
  if (inspect === undefined) return undefined;
  const dir = join(devFolder(), `${process.pid}-inspect`);
  // A killed process that had the same number may have left it.
  rmSync(dir, REMOVED);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return dir;
}

/** Removes what a `mayfly dev` has left that was killed: its folders have names that begin with the number of its process. */
function sweep(): void {
  for (const dir of devStateDirs()) if (!isAlive(Number.parseInt(basename(dir), 10) || undefined)) rmSync(dir, REMOVED);
}

/**
 * All `mayfly dev` have one run folder, with a folder in it for each: what one has left that was killed, such as its machines, is ended by the next. Undefined if the settings name another, or if it
 * is within the state folder.
 */
function commonRunDir({ runDir }: Pick<Config, "runDir">, stateDir: string): string | undefined {
  const [own, common] = [stateDir, devFolder()].map((dir) => resolve(defaultRunDir(process.env, dir)));
  return runDir === own && dirname(stateDir) === devFolder() && common !== join(devFolder(), "run") ? common : undefined;
}

async function configOf({ listen, driver: asked, kernel, inspect }: DevServerOptions, stateDir: string) {
  const driver = inspect === undefined ? asked : (asked ?? "process");
  const usual = loadConfig({ flags: { stateDir, listen } });
  const runDir = commonRunDir(usual, stateDir);
  // An address that was asked for is had, or the start fails.
  const free = {
    listen: listen === undefined ? await addressOrAnyPort(usual.listen) : listen,
    api: await addressOrAnyPort(usual.api),
  };
  return loadConfig({ flags: { driver, kernel, stateDir, runDir, ...free, graceMs: GRACE_MS, logLevel: "error" } });
}
