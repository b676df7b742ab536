/** Opens one of Mayfly's SQLite files: WAL, so that readers never wait, and migrated to the newest schema. */
import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { failureOf } from "./failure.ts";
import { type Migration, migrate } from "./migrate.ts";

export interface OpenOptions {
  /** full: a commit survives a power cut. normal: it survives kill -9, but a power cut may take the last ones. */
  durability: "full" | "normal";
  migrations: readonly Migration[];
  /** The file gets smaller when rows go: see reclaim.ts. A file that was made without this is rewritten once, where there is room for that. */
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

const INCREMENTAL = 2;
/** SQLite's code for a full disk. */
const FULL = 13;

/** Before anything else: SQLite decides on it when a file is new. What is deleted is overwritten where that costs no further writing. */
function letShrink(db: DatabaseSync): void {
  db.exec("PRAGMA secure_delete = FAST");
  // Only where it is another: setting it writes, and a start on a full disk could not.
  if (shrinksAlready(db)) return;
  db.exec(`PRAGMA auto_vacuum = ${INCREMENTAL}`);
  if (shrinksAlready(db)) return;
  try {
    db.exec(`PRAGMA auto_vacuum = ${INCREMENTAL}; VACUUM`);
  } catch (error) {
    // It stays as it is, and whole; the next start tries again.
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

/** SQLite would let everybody read it, and gives its other files the mode of this one. */
function makePrivate(file: string): void {
  closeSync(openSync(file, "a", 0o600));
}
