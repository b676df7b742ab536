/**
 * How a command finds the running platform. The API's address: --api, MAYFLY_API, what the server of the state folder
 * announced. The state folder: --state, MAYFLY_STATE_DIR, the default one, or the demo's below it where only that runs.
 * The token: MAYFLY_TOKEN, or the file api-token of the state folder.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { type Client, createClient } from "../doors/admin/client.ts";
import { defaultStateDir } from "../base/config/folders.ts";
import { MayflyError } from "../base/errors/error.ts";
import { isAlive, readServerFile } from "../store/state-folder/lock.ts";
import { readRecord } from "../supervisor/record.ts";

export interface ConnectionOptions {
  api?: string;
  state?: string;
}

export interface Connection {
  client: Client;
  gateway: () => Promise<Gateway>;
}

/** Where functions are called. */
interface Gateway {
  /** Without a slash at its end. */
  url: string;
  /** As of ClientOptions. */
  pin: string | undefined;
}

export function withConnectionOptions(command: Command): Command {
  return command
    .option("--api <url>", "where the management API answers (or MAYFLY_API)")
    .option("--state <dir>", "the server's state folder (or MAYFLY_STATE_DIR)")
    .option("--json", "print JSON");
}

/**
 * Throws "api-unreachable" where there is no token to send: then no server ever ran on that folder. "file-unusable": the token is another
 * user's. A server of the folder that is starting is waited for; "server-starting" where that takes too long, "shutting-down" where it ends.
 * @param waitMs for a server that is starting, at most
 */
export async function connect(options: ConnectionOptions, { env = process.env, waitMs = 60_000 } = {}): Promise<Connection> {
  const dir = stateDirOf(options, env);
  const named = options.api ?? env.MAYFLY_API;
  const url = withScheme(named ?? (await announced(dir, waitMs)));
  const client = createClient({ url, token: env.MAYFLY_TOKEN ?? readToken(dir, url), pin: pinFor(dir, url) });
  const gateway = async () => {
    const at = withScheme(env.MAYFLY_GATEWAY ?? (await client.host()).urls.gateway).replace(/\/+$/, "");
    return { url: at, pin: pinFor(dir, at) };
  };
  return { client, gateway };
}

/** The demo keeps its state apart, so that it never touches that of a real server. */
export function demoStateDir(env = process.env): string {
  return join(env.MAYFLY_STATE_DIR ?? defaultStateDir(env), "demo");
}

/** Where the folder's server answers. Throws where it is known not to: its token is for nobody else's ears. */
async function announced(dir: string, waitMs: number): Promise<string> {
  const silent = (reason: string) => new MayflyError("api-unreachable", { url: `the API of ${dir}`, reason });
  const since = performance.now();
  for (let told = false; ; await sleep(LOOK_MS)) {
    const server = readServerFile(dir);
    if (server === undefined) throw silent("no server runs on that state folder");
    const { pid, urls } = server;
    if (!isAlive(pid)) throw silent(`its server (pid ${pid}) is gone, and left its server.json behind`);
    if (isStopping(dir, pid)) throw new MayflyError("shutting-down");
    if (urls !== undefined) return urls.api;
    const waited = waitMs === 0 ? "it is not waited for" : `${Math.round(waitMs / 1_000)} s of waiting were not enough`;
    if (performance.now() - since >= waitMs) throw new MayflyError("server-starting", { dir, pid, waited });
    if (!told) console.error(`The server (pid ${pid}) is starting; waiting for it …`);
    told = true;
  }
}

const LOOK_MS = 100;

function isStopping(dir: string, pid: number): boolean {
  const record = readRecord(dir);
  return record?.pid === pid && record.state === "stopping";
}

/** The certificate of the folder's server, for an address that is that server's own. */
function pinFor(dir: string, url: string): string | undefined {
  const { pid, urls, certificate } = readServerFile(dir) ?? {};
  if (urls === undefined || certificate === undefined || !isAlive(pid)) return undefined;
  const origin = URL.parse(url)?.origin;
  return [urls.api, urls.gateway].some((own) => URL.parse(own)?.origin === origin) ? certificate : undefined;
}

export function stateDirOf(options: ConnectionOptions, env = process.env): string {
  if (options.state !== undefined) return options.state;
  const candidates = [env.MAYFLY_STATE_DIR ?? defaultStateDir(env), demoStateDir(env)];
  return candidates.find((dir) => isAlive(readServerFile(dir)?.pid)) ?? candidates[0]!;
}

function readToken(dir: string, url: string): string {
  try {
    return readFileSync(join(dir, "api-token"), "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EACCES") throw error;
    const reason = `there is no token to send: ${(error as Error).message}`;
    throw new MayflyError("api-unreachable", { url, reason }, error);
  }
}

function withScheme(address: string): string {
  return /^https?:\/\//.test(address) ? address : `http://${address}`;
}
