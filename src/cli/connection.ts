/**
 * How a command finds the running platform. The API's address: --api, MAYFLY_API, what the server of the state folder
 * announced. The state folder: --state, MAYFLY_STATE_DIR, the default one, or the demo's below it where only that runs.
 * The token: MAYFLY_TOKEN, or the file api-token of the state folder.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { type Client, createClient } from "../api/client.ts";
import { defaultStateDir } from "../config/folders.ts";
import { MayflyError } from "../errors/error.ts";
import { readServerFile } from "../state-folder/lock.ts";

export interface ConnectionOptions {
  api?: string;
  state?: string;
}

export interface Connection {
  client: Client;
  /** Without a slash at its end. */
  gatewayUrl: () => Promise<string>;
}

export function withConnectionOptions(command: Command): Command {
  return command
    .option("--api <url>", "where the management API answers (or MAYFLY_API)")
    .option("--state <dir>", "the server's state folder (or MAYFLY_STATE_DIR)")
    .option("--json", "print JSON");
}

/**
 * Throws "api-unreachable" where there is no token to send: then no server ever ran on that folder. "file-unusable": the token is another
 * user's.
 */
export function connect(options: ConnectionOptions, env = process.env): Connection {
  const dir = stateDirOf(options, env);
  const url = withScheme(options.api ?? env.MAYFLY_API ?? announced(dir));
  const client = createClient({ url, token: env.MAYFLY_TOKEN ?? readToken(dir, url) });
  return { client, gatewayUrl: async () => withScheme(env.MAYFLY_GATEWAY ?? (await client.host()).urls.gateway).replace(/\/+$/, "") };
}

/** The demo keeps its state apart, so that it never touches that of a real server. */
export function demoStateDir(env = process.env): string {
  return join(env.MAYFLY_STATE_DIR ?? defaultStateDir(env), "demo");
}

/** Where the folder's server answers. Throws "api-unreachable" where it is known not to: its token is for nobody else's ears. */
function announced(dir: string): string {
  const silent = (reason: string) => new MayflyError("api-unreachable", { url: `the API of ${dir}`, reason });
  const server = readServerFile(dir);
  if (server === undefined) throw silent("no server runs on that state folder");
  const { pid, urls } = server;
  if (!isAlive(pid)) throw silent(`its server (pid ${pid}) is gone, and left its server.json behind`);
  if (urls === undefined) throw silent(`its server (pid ${pid}) is still starting; try again in a moment`);
  return urls.api;
}

export function stateDirOf(options: ConnectionOptions, env = process.env): string {
  if (options.state !== undefined) return options.state;
  const candidates = [env.MAYFLY_STATE_DIR ?? defaultStateDir(env), demoStateDir(env)];
  return candidates.find((dir) => isAlive(readServerFile(dir)?.pid)) ?? candidates[0]!;
}

/** Also where the process is another user's. */
export function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
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
