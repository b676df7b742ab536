/**
 * One server at a time for a state folder.
 *
 * The lock is the kernel's own, taken on a file through SQLite's exclusive mode: it goes when the process does, however
 * that ends, so there are no stale locks to judge. server.json beside it only says who holds the lock and where it answers.
 */
import { closeSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { MayflyError } from "../../base/errors/error.ts";
import { failureOf } from "../sqlite/failure.ts";
import { makeFolder } from "./make-folder.ts";

const serverFile = z.object({
  /** Of the process to be told to end: the supervisor's, where there is one. */
  pid: z.int().positive(),
  /** Missing while the server starts. */
  urls: z.object({ gateway: z.url(), api: z.url() }).optional(),
  /** The certificate that both have, PEM, where they have one: commands on this host trust it because it stands here. */
  certificate: z.string().optional(),
});
export type ServerFile = z.infer<typeof serverFile>;

export interface StateLock {
  /** Lets commands on this host find the server. */
  announce(where: Omit<ServerFile, "pid">): void;
  release(): void;
}

/** The collector closes a database that nobody refers to, and its lock goes with it: a caller may drop what it was given. */
const held = new Set<DatabaseSync>();

/** Makes the folder where it is missing. Throws "state-locked" or "state-unusable". */
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

/** What the folder's last server said of itself; it may be long gone. Undefined where none did, or what is there makes no sense. */
export function readServerFile(dir: string): ServerFile | undefined {
  try {
    return serverFile.safeParse(JSON.parse(readFileSync(serverFileIn(dir), "utf8"))).data;
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * A supervisor's own lock, held over the deaths of its workers: another server must not take the folder while one is replaced.
 * From now on commands see that a server starts there. Returns its release. Throws "state-locked" or "state-unusable".
 */
export function lockForSupervisor(dir: string): () => void {
  makeFolder(dir, 0o700);
  const database = lockedDatabase(dir, "supervisor.lock");
  held.add(database);
  // A server without a supervisor may have the folder: the worker will say so.
  if (!isAlive(readServerFile(dir)?.pid)) writeServerFile(dir, { pid: process.pid });
  return () => {
    if (!held.delete(database)) return;
    if (readServerFile(dir)?.pid === process.pid) rmSync(serverFileIn(dir), { force: true });
    database.close();
  };
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

function serverFileIn(dir: string): string {
  return join(dir, "server.json");
}

/** Whole or not at all: commands may look at any time. */
function writeServerFile(dir: string, content: ServerFile): void {
  const file = serverFileIn(dir);
  writeFileSync(`${file}.new`, `${JSON.stringify(content)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function lockedDatabase(dir: string, name = "server.lock"): DatabaseSync {
  const file = join(dir, name);
  const database = opened(file);
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database.close();
    if (!/locked/.test(String(error))) throw failureOf(error, file);
    throw new MayflyError("state-locked", { pid: readServerFile(dir)?.pid ?? "unknown", dir }, error);
  }
}

function opened(file: string): DatabaseSync {
  try {
    // Private: whoever may read it can hold a lock on it.
    closeSync(openSync(file, "a", 0o600));
    return new DatabaseSync(file, { timeout: 0 });
  } catch (error) {
    throw failureOf(error, file);
  }
}

/** A folder that this user may not read is as good as missing. */
function isMissing(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "");
}
