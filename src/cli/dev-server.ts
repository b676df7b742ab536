/** The server that `mayfly dev` works with: one of its own, with a state folder that goes with it or that is kept, or one that runs already. */
import { mkdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { loadConfig } from "../base/config/load.ts";
import { showProgress } from "../base/terminal/terminal.ts";
import type { Client } from "../doors/admin/client.ts";
import { startMayfly } from "../main.ts";
import { isAlive, readServerFile } from "../store/state-folder/lock.ts";
import { connect, devFolder, devStateDirs } from "./connection.ts";
import { addressOrAnyPort } from "./free-address.ts";
import { prepareHost } from "./prepare-host.ts";

export interface DevServerOptions {
  api?: string;
  state?: string;
  listen?: string;
  driver?: string;
  kernel?: string;
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
  /** Only a server that was started here lets calls wait. */
  hold: (app: string, ms: number) => void;
  release: (app: string) => void;
  /** Ends a server that was started here, and removes its state unless that is kept. */
  close(): Promise<void>;
}

/** Calls in flight at Ctrl-C get this long, in milliseconds: whoever develops does not wait for more. */
const GRACE_MS = 1_000;

export async function openDevServer(options: DevServerOptions): Promise<DevServer> {
  const api = options.api ?? process.env.MAYFLY_API;
  if (api !== undefined || (options.state !== undefined && isAlive(readServerFile(options.state)?.pid))) return useRunning(options);
  await prepareHost();
  sweep();
  const { stateDir, isEphemeral } = stateOf(options);
  const progress = showProgress();
  try {
    const running = await startMayfly(await configOf(options, stateDir), { progress: progress.step, development: true });
    const { client, gateway } = await connect({ state: stateDir }, { env: {} });
    return {
      client,
      gatewayUrl: (await gateway()).url,
      driver: running.driver,
      stateDir,
      isEphemeral,
      isOwn: true,
      hold: (app, ms) => running.hold(app, ms),
      release: (app) => running.release(app),
      async close() {
        await running.close();
        if (isEphemeral) rmSync(stateDir, REMOVED);
      },
    };
  } catch (error) {
    if (isEphemeral) rmSync(stateDir, REMOVED);
    throw error;
  } finally {
    progress.done();
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
    hold: nothing,
    release: nothing,
    close: async () => undefined,
  };
}

function stateOf({ state }: DevServerOptions): { stateDir: string; isEphemeral: boolean } {
  if (state !== undefined) return { stateDir: state, isEphemeral: false };
  const stateDir = join(devFolder(), String(process.pid));
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  return { stateDir, isEphemeral: true };
}

/** Removes what a `mayfly dev` has left that was killed. */
function sweep(): void {
  for (const dir of devStateDirs()) if (!isAlive(Number(basename(dir)) || undefined)) rmSync(dir, REMOVED);
}

async function configOf({ listen, driver, kernel }: DevServerOptions, stateDir: string) {
  const usual = loadConfig({ flags: { stateDir, listen } });
  // An address that was asked for is had, or the start fails.
  const free = {
    listen: listen === undefined ? await addressOrAnyPort(usual.listen) : listen,
    api: await addressOrAnyPort(usual.api),
  };
  return loadConfig({ flags: { driver, kernel, stateDir, ...free, graceMs: GRACE_MS, logLevel: "error" } });
}
