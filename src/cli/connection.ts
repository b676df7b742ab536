/**
 * How a command finds the running platform. The API's address comes from --api, MAYFLY_API, or the announcement of the state folder's
 * server. The state folder comes from --state or MAYFLY_STATE_DIR; otherwise it is the default folder, or the demo's folder below it if
 * only the demo runs, or that of `mayfly dev` if only that runs. The token comes from MAYFLY_TOKEN, or from the file api-token in the state folder. The tenant comes from --tenant or MAYFLY_TENANT;
 * otherwise it is that of the token's principal, or `main`.
 */
import { readdirSync, readFileSync } from "node:fs";
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
  tenant?: string;
}

/** The options that were given, of commands that have others beside them. */
export function connectionOf(given: { [Key in keyof ConnectionOptions]: ConnectionOptions[Key] | undefined }): ConnectionOptions {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

export interface Connection {
  client: Client;
  gateway: () => Promise<Gateway>;
}

/** The address on which functions are called. */
export interface Gateway {
  /** With the tenant in its path, unless it is `main`. Without a trailing slash. */
  url: string;
  /** See ClientOptions. */
  pin: string | undefined;
}

export function withConnectionOptions(command: Command): Command {
  return withServerOptions(command).option(
    "--tenant <name>",
    "whose apps are meant (or MAYFLY_TENANT); default: the token's tenant, or main",
  );
}

/** For commands that are about the whole server, or name a tenant by themselves. */
export function withServerOptions(command: Command): Command {
  return command
    .option("--api <url>", "where the management API answers (or MAYFLY_API)")
    .option("--state <dir>", "the server's state folder (or MAYFLY_STATE_DIR)")
    .option("--json", "print JSON");
}

/**
 * Throws "api-unreachable" if there is no token to send, because then no server ever ran on that folder, and "file-unusable" if the token
 * belongs to another user. Waits for a server that is starting; throws "server-starting" if that takes too long, and "shutting-down" if the
 * server is stopping.
 * @param waitMs the longest wait for a server that is starting, in milliseconds
 */
export async function connect(options: ConnectionOptions, { env = process.env, waitMs = 60_000 } = {}): Promise<Connection> {
  const dir = stateDirOf(options, env);
  const named = options.api ?? env.MAYFLY_API;
  const url = withScheme(named ?? (await announced(dir, waitMs)));
  const tenant = options.tenant ?? env.MAYFLY_TENANT;
  const client = createClient({ url, token: env.MAYFLY_TOKEN ?? readToken(dir, url), pin: pinFor(dir, url), tenant });
  const gateway = async () => {
    const at = withScheme(env.MAYFLY_GATEWAY ?? (await client.host()).urls.gateway).replace(/\/+$/, "");
    // The token of the state folder is the operator's, which is of no tenant.
    const called = tenant ?? (env.MAYFLY_TOKEN === undefined ? "main" : ((await client.principal()).tenant ?? "main"));
    return { url: called === "main" ? at : `${at}/@${called}`, pin: pinFor(dir, at) };
  };
  return { client, gateway };
}

/** The demo keeps its state apart, so that it never touches the state of a real server. */
export function demoStateDir(env = process.env): string {
  return join(env.MAYFLY_STATE_DIR ?? defaultStateDir(env), "demo");
}

/** The address of the folder's server. Throws if that server is known not to run: its token must not be sent to any other. */
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

/** The certificate of the folder's server, if `url` is that server's own address. */
function pinFor(dir: string, url: string): string | undefined {
  const { pid, urls, certificate } = readServerFile(dir) ?? {};
  if (urls === undefined || certificate === undefined || !isAlive(pid)) return undefined;
  const origin = URL.parse(url)?.origin;
  return [urls.api, urls.gateway].some((own) => URL.parse(own)?.origin === origin) ? certificate : undefined;
}

export function stateDirOf(options: ConnectionOptions, env = process.env): string {
  if (options.state !== undefined) return options.state;
  const candidates = [env.MAYFLY_STATE_DIR ?? defaultStateDir(env), demoStateDir(env)];
  const found = candidates.find(hasServer);
  if (found !== undefined) return found;
  const [dev, ...others] = devStateDirs(env).filter(hasServer);
  if (others.length > 0) {
    const all = [dev, ...others].map((dir) => `--state ${dir}`).join(", ");
    throw new MayflyError("not-done", { what: `${others.length + 1} \`mayfly dev\` run here; name the server of one: ${all}` });
  }
  return dev ?? candidates[0]!;
}

function hasServer(dir: string): boolean {
  return isAlive(readServerFile(dir)?.pid);
}

/** The folder in which each `mayfly dev` that keeps no state has a state folder of its own. */
export function devFolder(env = process.env): string {
  return join(env.MAYFLY_STATE_DIR ?? defaultStateDir(env), "dev");
}

/** Those of `mayfly dev` that run, and of such that were killed. */
export function devStateDirs(env = process.env): string[] {
  try {
    return readdirSync(devFolder(env)).map((name) => join(devFolder(env), name));
  } catch {
    // There was never one, or the folder is another user's.
    return [];
  }
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
