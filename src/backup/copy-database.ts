import { chmodSync, existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { failureOf } from "../store/sqlite/failure.ts";
import { openToRead } from "../store/sqlite/open.ts";

/**
 * Copies a database that a server may be writing: the copy is as the file is at one moment, and has all that was committed before. Throws "disk-full" and "state-damaged".
 * @returns whether there is such a file
 */
export function copyDatabase(from: string, to: string): boolean {
  if (!existsSync(from)) return false;
  const db = openToRead(from);
  try {
    // Other readers and the writer go on meanwhile.
    db.prepare("VACUUM INTO ?").run(to);
  } catch (error) {
    throw failureOf(error, to);
  } finally {
    db.close();
  }
  chmodSync(to, 0o600);
  return true;
}

/** Opens a copy that nobody else has open, to change it. It has no write-ahead log, so that all of it is in the one file. */
export function openCopy(file: string): DatabaseSync {
  const db = new DatabaseSync(file);
  db.exec("PRAGMA journal_mode = DELETE; PRAGMA foreign_keys = OFF");
  return db;
}
