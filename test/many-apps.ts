/** Ten thousand apps in seconds: copies of one that was deployed, written into the catalog's file beside the server, as a deploy writes them. */
import { DatabaseSync } from "node:sqlite";
import { newId } from "../src/base/ids/new-id.ts";

/** Each table that has something of an app, with the columns that differ between the copies. */
const tables: Record<string, Changes> = {
  apps: ({ app, name }) => ({ id: app, name }),
  names: ({ app, name }) => ({ id: app, name }),
  revisions: ({ app, name, revision }, row) => ({ id: revision, app, manifest: renamed(String(row["manifest"]), name) }),
  functions: ({ revision }) => ({ revision }),
  aliases: ({ app }) => ({ app }),
  targets: ({ app, revision }) => ({ app, revision }),
  lives: ({ app, revision }) => ({ app, revision }),
};
/** The column that says of which app a row is. */
const owners: Record<string, string> = { apps: "id", names: "id", functions: "revision" };

type Changes = (copy: Copy, row: Record<string, unknown>) => Record<string, string>;

interface Copy {
  name: string;
  app: string;
  revision: string;
}

/** @param file the catalog's @param name of an app with one revision @param nameOf the names of the copies, by their numbers from 0 @returns their ids */
export function copyOften(file: string, name: string, count: number, nameOf: (at: number) => string): string[] {
  const db = new DatabaseSync(file, { timeout: 5_000 });
  try {
    const original = db
      .prepare("SELECT apps.id AS app, revisions.id AS revision FROM apps JOIN revisions ON app = apps.id WHERE name = ?")
      .get(name)!;
    const copies = Array.from({ length: count }, (_, at): Copy => ({ name: nameOf(at), app: newId("app"), revision: newId("revision") }));
    db.exec("BEGIN IMMEDIATE");
    for (const [table, changes] of Object.entries(tables)) copyRows(db, table, original, changes, copies);
    db.exec("COMMIT");
    return copies.map(({ app }) => app);
  } finally {
    db.close();
  }
}

function copyRows(db: DatabaseSync, table: string, original: Record<string, unknown>, changes: Changes, copies: Copy[]): void {
  const owner = owners[table] ?? "app";
  const row = db
    .prepare(`SELECT * FROM ${table} WHERE ${owner} = ?`)
    .get(String(owner === "revision" ? original["revision"] : original["app"]))!;
  const columns = Object.keys(row);
  const put = db.prepare(`INSERT INTO ${table} (${columns.join()}) VALUES (${columns.map(() => "?").join()})`);
  for (const copy of copies) put.run(...(Object.values({ ...row, ...changes(copy, row) }) as string[]));
}

function renamed(manifest: string, name: string): string {
  return JSON.stringify({ ...(JSON.parse(manifest) as object), name });
}
