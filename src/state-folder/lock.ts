/**
 * One server at a time for a state folder.
 *
 * The lock is the kernel's own, taken on a file through SQLite's exclusive mode: it goes when the process does, however
 * that ends, so there are no stale locks to judge. server.json beside it only says who holds the lock and where it answers.
 */
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { MayflyError } from "../errors/error.ts";
import { failureOf } from "../sqlite/failure.ts";
import { makeFolder } from "./make-folder.ts";

const serverFile = z.object({
  /** Of the process to be told to end: the supervisor's, where there is one. */
  pid: z.int().positive(),
  /** Missing while the server starts. */
  urls: z.object({ gateway: z.url(), api: z.url() }).optional(),
});
export type ServerFile = z.infer<typeof serverFile>;

export interface StateLock {
  /** Lets commands on this host find the server. */
  announce(urls: { gateway: string; api: string }): void;
  release(): void;
}

/** The collector closes a database that nobody refers to, and its lock goes with it: a caller may drop what it was given. */
const held = new Set<DatabaseSync>();

/** Makes the folder where it is missing. Throws "state-locked" or "state-unusable". */
export function lockStateFolder(dir: string, pid = process.pid): StateLock {
  makeFolder(dir, 0o700);
  const database = lockedDatabase(dir);
  held.add(database);
  const file = join(dir, "server.json");
  const write = (content: ServerFile) => writeFileSync(file, `${JSON.stringify(content)}\n`, { mode: 0o600 });
  write({ pid });
  return {
    announce: (urls) => write({ pid, urls }),
    release() {
      if (!held.delete(database)) return;
      rmSync(file, { force: true });
      database.close();
    },
  };
}

/** What the folder's last server said of itself; it may be long gone. Undefined where none did, or what is there makes no sense. */
export function readServerFile(dir: string): ServerFile | undefined {
  try {
    return serverFile.safeParse(JSON.parse(readFileSync(join(dir, "server.json"), "utf8"))).data;
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * A supervisor's own lock, held over the deaths of its workers: another server must not take the folder while one is replaced.
 * Returns its release. Throws "state-locked" or "state-unusable".
 */
export function lockForSupervisor(dir: string): () => void {
  makeFolder(dir, 0o700);
  const database = lockedDatabase(dir, "supervisor.lock");
  held.add(database);
  return () => {
    if (held.delete(database)) database.close();
  };
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
