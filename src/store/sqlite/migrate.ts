/**
 * Schema migrations: an ordered list, counted by SQLite's own `user_version`. Libraries such as Umzug are built on promises and migration
 * files; node:sqlite is synchronous and our SQL is part of the code, so a library would need more glue than this file.
 */
import type { DatabaseSync } from "node:sqlite";
import { MayflyError } from "../../base/errors/error.ts";
import { isWrongStatement } from "./failure.ts";
import { transaction } from "./transaction.ts";

/**
 * SQL statements, or a function that does what SQL alone cannot. A released migration never changes; the next change is a new one at the
 * end of its list.
 */
export type Migration = string | ((db: DatabaseSync) => void);

/**
 * All migrations that the file lacks are one transaction. Throws "state-newer" if a newer Mayfly has written the file, and "state-damaged" if
 * the file's count cannot be true.
 */
export function migrate(db: DatabaseSync, file: string, migrations: readonly Migration[]): void {
  const from = Number(db.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
  if (from > migrations.length) throw new MayflyError("state-newer", { file, found: from, known: migrations.length });
  if (from < 0) throw wrongCount(file, from);
  if (from === migrations.length) return;
  try {
    transaction(db, () => {
      for (const migration of migrations.slice(from)) {
        if (typeof migration === "string") db.exec(migration);
        else migration(db);
      }
      db.exec(`PRAGMA user_version = ${migrations.length}`);
    });
  } catch (error) {
    // Migrations are tested on what they were written for, so the file's tables are others than its count says.
    throw isWrongStatement(error) || error instanceof MigratedAlready ? wrongCount(file, from, error) : error;
  }
}

/** Thrown by a migration that finds its work done. Without that check it would spoil what it would take over a second time. */
export class MigratedAlready extends Error {}

function wrongCount(file: string, from: number, cause?: unknown): MayflyError {
  return new MayflyError("state-damaged", { file, what: `its user_version is ${from}, which its tables contradict` }, cause);
}
