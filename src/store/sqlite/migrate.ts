/**
 * Schema migrations: an ordered list of SQL, counted by SQLite's own `user_version`. Umzug and its like are built on promises
 * and migration files; node:sqlite is synchronous and our SQL ships in the code, so a library would need more glue than this.
 */
import type { DatabaseSync } from "node:sqlite";
import { MayflyError } from "../../base/errors/error.ts";
import { transaction } from "./transaction.ts";

/** SQL statements. A released migration never changes; the next change is a new one at the end of its list. */
export type Migration = string;

export function migrate(db: DatabaseSync, file: string, migrations: readonly Migration[]): void {
  const from = Number(db.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
  if (from > migrations.length) throw new MayflyError("state-newer", { file, found: from, known: migrations.length });
  for (const [index, sql] of migrations.entries()) {
    if (index < from) continue;
    transaction(db, () => db.exec(`${sql}; PRAGMA user_version = ${index + 1}`));
  }
}
