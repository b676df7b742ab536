/**
 * Lets one server at a time use a state folder.
 * The lock is the kernel's own, taken on a file through SQLite's exclusive mode. It is released when the process ends, however that
 * happens, so stale locks do not exist. server.json beside it only says who holds the lock and where the server answers.
 */
import { closeSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { MayflyError } from "../../base/errors/error.ts";
import { failureOf, isBusy } from "../sqlite/failure.ts";
import { makeFolder } from "./make-folder.ts";

const serverFile = z.object({
  /** The process that signals go to: the supervisor if there is one, else the server. */
  pid: z.int().positive(),
  /** Missing while the server starts. */
  urls: z.object({ gateway: z.url(), api: z.url() }).optional(),
  /** The certificate of both doors, PEM, if they have one. Commands on this host trust it because it is in the state folder. */
  certificate: z.string().optional(),
});
export type ServerFile = z.infer<typeof serverFile>;

export interface StateLock {
  /** Lets commands on this host find the server. */
  announce(where: Omit<ServerFile, "pid">): void;
  release(): void;
}

/** Locked databases, referenced here because the garbage collector would close an unreferenced one and release its lock. */
const held = new Set<DatabaseSync>();

/** Creates the folder if it is missing. Throws "state-locked" or "state-unusable". */
export function lockStateFolder(dir: string, pid = process.pid): StateLock {
  makeFolder(dir, 0o700);
  const database = lockedDatabase(dir);
  held.add(database);
  writeServerFile(dir, { pid });
  return {
    announce: (where) => writeServerFile(dir, { pid, ...where }),
    release() {
      if (!held.delete(database)) return;
      rmSync(serverFileIn(dir), { force: true });
      database.close();
    },
  };
}

/**
 * What the folder's last server wrote about itself; that server may be long gone. Undefined if there is no such file, or its content is
 * unusable.
 */
export function readServerFile(dir: string): ServerFile | undefined {
  try {
    return serverFile.safeParse(JSON.parse(readFileSync(serverFileIn(dir), "utf8"))).data;
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Takes the supervisor's own lock, which is held when a worker dies, so that no other server takes the folder while the worker is replaced.
 * From now on commands see that a server is starting there. Returns a function that releases the lock. Throws "state-locked" or
 * "state-unusable".
 */
export function lockForSupervisor(dir: string): () => void {
  makeFolder(dir, 0o700);
  const database = lockedDatabase(dir, "supervisor.lock");
  held.add(database);
  // A server without a supervisor may have the folder; its server.json stays, and the worker will fail with "state-locked".
  if (!isAlive(readServerFile(dir)?.pid)) writeServerFile(dir, { pid: process.pid });
  return () => {
    if (!held.delete(database)) return;
    if (readServerFile(dir)?.pid === process.pid) rmSync(serverFileIn(dir), { force: true });
    database.close();
  };
}

/** Whether the process exists, even if it belongs to another user. */
export function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function serverFileIn(dir: string): string {
  return join(dir, "server.json");
}

/** Replaces the file as a whole, because commands may read it at any time. */
function writeServerFile(dir: string, content: ServerFile): void {
  const file = serverFileIn(dir);
  writeFileSync(`${file}.new`, `${JSON.stringify(content)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Throws "state-locked" or "state-unusable". */
export function lockedDatabase(dir: string, name = "server.lock"): DatabaseSync {
  const file = join(dir, name);
  const database = opened(file);
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database.close();
    if (!isBusy(error)) throw failureOf(error, file);
    throw new MayflyError("state-locked", { pid: readServerFile(dir)?.pid ?? "unknown", dir }, error);
  }
}

function opened(file: string): DatabaseSync {
  try {
    // The file is private, because whoever can read it can hold a lock on it.
    closeSync(openSync(file, "a", 0o600));
    return new DatabaseSync(file, { timeout: 0 });
  } catch (error) {
    throw failureOf(error, file);
  }
}

/** A folder that this user may not read counts as missing. */
function isMissing(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "");
}
