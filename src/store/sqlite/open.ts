/** Opens one of Mayfly's SQLite files: WAL, so that readers never wait, and migrated to the newest schema. */
import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { failureOf } from "./failure.ts";
import { type Migration, migrate } from "./migrate.ts";

export interface OpenOptions {
  /** full: a commit survives a power cut. normal: a commit survives kill -9, but a power cut may lose the last ones. */
  durability: "full" | "normal";
  migrations: readonly Migration[];
  /**
   * Whether the file gets smaller when rows are deleted: see reclaim.ts. A file that was made without this is rewritten once, if there is
   * room for that.
   */
  shrinks?: boolean;
}

/** `file` may be ":memory:". Throws "state-damaged", "state-newer", "disk-full" or "state-unusable". */
export function openDatabase(file: string, { durability, migrations, shrinks = false }: OpenOptions): DatabaseSync {
  const db = connect(file);
  try {
    if (shrinks) letShrink(db);
    db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${durability}; PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = 8388608`);
    migrate(db, file, migrations);
    return db;
  } catch (error) {
    db.close();
    throw failureOf(error, file);
  }
}

/** Opens a file that another connection writes. Throws as openDatabase() does. */
export function openToRead(file: string): DatabaseSync {
  try {
    return new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
  } catch (error) {
    throw failureOf(error, file);
  }
}

const INCREMENTAL = 2;
/** SQLite's code for a full disk. */
const FULL = 13;

/**
 * Must be the first statement, because SQLite decides about auto_vacuum when a file is new. FAST overwrites deleted content where that
 * needs no further writes.
 */
function letShrink(db: DatabaseSync): void {
  db.exec("PRAGMA secure_delete = FAST");
  // The setting is changed only if it differs: changing it writes, which would fail when a server starts on a full disk.
  if (shrinksAlready(db)) return;
  db.exec(`PRAGMA auto_vacuum = ${INCREMENTAL}`);
  if (shrinksAlready(db)) return;
  try {
    db.exec(`PRAGMA auto_vacuum = ${INCREMENTAL}; VACUUM`);
  } catch (error) {
    // The file stays whole, without auto_vacuum; the next start tries again.
    if ((error as { errcode?: number }).errcode !== FULL) throw error;
  }
}

function shrinksAlready(db: DatabaseSync): boolean {
  return Number(db.prepare("PRAGMA auto_vacuum").get()?.["auto_vacuum"]) === INCREMENTAL;
}

function connect(file: string): DatabaseSync {
  try {
    if (file !== ":memory:") makePrivate(file);
    return new DatabaseSync(file, { timeout: 5_000 });
  } catch (error) {
    throw failureOf(error, file);
  }
}

/** Creates the file for its owner alone. SQLite would create it readable for everybody, and gives its other files the same mode. */
function makePrivate(file: string): void {
  closeSync(openSync(file, "a", 0o600));
}
