/**
 * Schema migrations: an ordered list, counted by SQLite's own `user_version`. Umzug and its like are built on promises
 * and migration files; node:sqlite is synchronous and our SQL ships in the code, so a library would need more glue than this.
 */
import type { DatabaseSync } from "node:sqlite";
import { MayflyError } from "../../base/errors/error.ts";
import { transaction } from "./transaction.ts";

/** SQL statements, or what does more than SQL can. A released migration never changes; the next change is a new one at the end of its list. */
export type Migration = string | ((db: DatabaseSync) => void);

/** Each migration is one transaction with its count. Throws "state-newer" where a newer Mayfly has written the file. */
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
