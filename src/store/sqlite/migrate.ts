/**
 * Schema migrations: an ordered list, counted by SQLite's own `user_version`. Libraries such as Umzug are built on promises and migration
 * files; node:sqlite is synchronous and our SQL is part of the code, so a library would need more glue than this file.
 */
import type { DatabaseSync } from "node:sqlite";
import { MayflyError } from "../../base/errors/error.ts";
import { transaction } from "./transaction.ts";

/**
 * SQL statements, or a function that does what SQL alone cannot. A released migration never changes; the next change is a new one at the
 * end of its list.
 */
export type Migration = string | ((db: DatabaseSync) => void);

/** Each migration and its count are one transaction. Throws "state-newer" if a newer Mayfly has written the file. */
export function migrate(db: DatabaseSync, file: string, migrations: readonly Migration[]): void {
  const from = Number(db.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
  if (from > migrations.length) throw new MayflyError("state-newer", { file, found: from, known: migrations.length });
  for (const [index, migration] of migrations.entries()) {
    if (index < from) continue;
    transaction(db, () => {
      if (typeof migration === "string") db.exec(migration);
      else migration(db);
      db.exec(`PRAGMA user_version = ${index + 1}`);
    });
  }
}
