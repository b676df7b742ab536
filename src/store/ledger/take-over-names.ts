/** Gives ids to what an older Mayfly stored by the names of apps and appliances. Runs in one transaction. */
import type { DatabaseSync } from "node:sqlite";
import { isId } from "../../base/ids/new-id.ts";
import { MigratedAlready } from "../sqlite/migrate.ts";

const TABLES = ["entries", "open_minutes", "months", "limits"];

/**
 * This is the only place where entries are changed, and only their names: what was used, when and by whom stays as it is. It makes one pass
 * over each table, however many apps there are. Throws MigratedAlready if a name is an id: no older Mayfly allowed a name with `_`.
 */
export function takeOverNames(db: DatabaseSync, idOf: (name: string) => string): void {
  db.exec("DROP TRIGGER entries_are_never_changed; CREATE TEMP TABLE ids (name TEXT PRIMARY KEY, id TEXT NOT NULL)");
  const add = db.prepare("INSERT INTO temp.ids VALUES (?, ?)");
  for (const { app } of db.prepare(TABLES.map((table) => `SELECT app FROM ${table} WHERE app <> ''`).join(" UNION ")).all()) {
    const name = String(app);
    if (isId("app", name) || isId("appliance", name)) throw new MigratedAlready(`${name} is an id`);
    add.run(name, idOf(name));
  }
  for (const table of TABLES) db.exec(`UPDATE ${table} SET app = (SELECT id FROM temp.ids WHERE name = app) WHERE app <> ''`);
  db.exec(`
    DROP TABLE temp.ids;
    CREATE TRIGGER entries_are_never_changed BEFORE UPDATE ON entries BEGIN SELECT RAISE (ABORT, 'the ledger is append-only'); END`);
}
