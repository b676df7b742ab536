/**
 * Says to the server that a backup of its state folder is being made, by a lock of the kernel's own: it ends with the process that makes the backup.
 * A backup has copies of the databases first, and then the files of content that they name. So nobody may remove content meanwhile: who has removed the last row that names
 * a file asks isBackedUp() and then removes the file, or leaves that for later.
 */
import { chownSync, existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { MayflyError } from "../../base/errors/error.ts";
import { isBusy } from "../sqlite/failure.ts";
import { lockedDatabase } from "./lock.ts";

const NAME = "backup.lock";

/** Throws "backup-running" if another backup is under way, and "state-unusable". Returns a function that ends it. */
export function lockForBackup(dir: string): () => void {
  const database = locked(dir);
  const { uid, gid } = statSync(dir);
  // The server must be able to look at it, and may be another user's.
  if (process.geteuid?.() === 0) chownSync(join(dir, NAME), uid, gid);
  return () => database.close();
}

function locked(dir: string): DatabaseSync {
  try {
    return lockedDatabase(dir, NAME);
  } catch (error) {
    if (error instanceof MayflyError && error.code === "state-locked") throw new MayflyError("backup-running", { dir }, error);
    throw error;
  }
}

export function isBackedUp(dir: string): boolean {
  const file = join(dir, NAME);
  if (!existsSync(file)) return false;
  const database = new DatabaseSync(file, { readOnly: true, timeout: 0 });
  try {
    database.prepare("SELECT count(*) FROM sqlite_master").get();
    return false;
  } catch (error) {
    return isBusy(error);
  } finally {
    database.close();
  }
}
