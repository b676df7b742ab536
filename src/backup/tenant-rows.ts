/** A tenant's rows of a database: what others have is taken out of a copy, or the rows of a copy are put beside those of others. */
import type { DatabaseSync } from "node:sqlite";
import { MayflyError } from "../base/errors/error.ts";
import { transaction } from "../store/sqlite/transaction.ts";
import type { DatabasePart, TablePart } from "../store/state-folder/state-part.ts";
import { openCopy } from "./copy-database.ts";

/** SQLite's code for a row that breaks a rule of its table. */
const CONSTRAINT = 19;

/** Removes all rows of others from a copy, and what is left of them in the file. */
export function keepOnly(file: string, part: DatabasePart, own: ReadonlySet<string>): void {
  const db = openCopy(file);
  try {
    assertTables(db, part);
    nameOwn(db, own);
    withoutTriggers(db, () => {
      for (const { name, of, everywhere = "FALSE" } of part.tables)
        db.exec(`DELETE FROM ${name} WHERE (${of} OR ${everywhere}) IS NOT TRUE`);
      db.exec(part.mends ?? "");
    });
    db.exec("VACUUM");
  } finally {
    db.close();
  }
}

/**
 * Puts all rows of a copy into a file, in one transaction. What the file has of the tenant goes: it is what was left of it when it was removed. Records stay if there are some,
 * and the copy's are not needed.
 * @param copy has the rows of the tenant only @param own the ids that the copy knows
 */
export function putRows(file: string, copy: string, part: DatabasePart, own: ReadonlySet<string>): void {
  const db = openCopy(file);
  try {
    assertTables(db, part);
    nameOwn(db, own);
    db.prepare("ATTACH ? AS copy").run(copy);
    assertSameForm(db, part);
    const offsets = offsetsOf(db, part);
    withoutTriggers(db, () => {
      const hasRecords = part.tables.some(({ name, of, isRecord }) => isRecord === true && has(db, name, of));
      const tables = part.tables.filter(({ isRecord }) => isRecord !== true || !hasRecords);
      for (const { name, of, isShared } of tables.toReversed()) if (isShared !== true) db.exec(`DELETE FROM main.${name} WHERE ${of}`);
      for (const table of tables) putTable(db, table, offsets);
      db.exec(part.mends ?? "");
    });
  } catch (error) {
    if (!isTaken(error)) throw error;
    const what = `somebody else has a name by now that ${part.path} must have once only (${(error as Error).message})`;
    throw new MayflyError("bad-backup", { folder: "of the tenant", what }, error);
  } finally {
    db.close();
  }
}

/** Whether a row is there already that may be there once. */
function isTaken(error: unknown): boolean {
  return (((error as { errcode?: number }).errcode ?? 0) & 0xff) === CONSTRAINT;
}

function has(db: DatabaseSync, table: string, of: string): boolean {
  return db.prepare(`SELECT 1 FROM main.${table} WHERE ${of} LIMIT 1`).get() !== undefined;
}

function putTable(db: DatabaseSync, { name, numbers = {}, isShared, everywhere = "FALSE" }: TablePart, offsets: Map<string, number>): void {
  const columns = db
    .prepare(`SELECT name FROM pragma_table_info('${name}')`)
    .all()
    .map((row) => String(row["name"]));
  const moved = columns.map((column) => {
    const given = Object.hasOwn(numbers, column) ? numbers[column] : undefined;
    return given === undefined ? column : `${column} + ${offsets.get(given)!}`;
  });
  const how = isShared === true ? "INSERT OR IGNORE" : "INSERT";
  db.exec(
    `${how} INTO main.${name} (${columns.join(", ")}) SELECT ${moved.join(", ")} FROM copy.${name} WHERE (${everywhere}) IS NOT TRUE`,
  );
}

/** The largest number that was ever given out in each numbering column. */
function offsetsOf(db: DatabaseSync, { tables }: DatabasePart): Map<string, number> {
  const columns = new Set(tables.flatMap(({ numbers = {} }) => Object.values(numbers)));
  const remembers = db.prepare("SELECT 1 FROM main.sqlite_master WHERE name = 'sqlite_sequence'").get() !== undefined;
  return new Map(
    [...columns].map((given) => {
      const [table, column] = given.split(".") as [string, string];
      const largest = Number(db.prepare(`SELECT ifnull(max(${column}), 0) AS largest FROM main.${table}`).get()!["largest"]);
      const ever = remembers ? Number(db.prepare("SELECT seq FROM main.sqlite_sequence WHERE name = ?").get(table)?.["seq"] ?? 0) : 0;
      return [given, Math.max(largest, ever)];
    }),
  );
}

/** The ids that conditions of parts find in `own`. */
function nameOwn(db: DatabaseSync, own: ReadonlySet<string>): void {
  db.exec("CREATE TEMP TABLE own (id TEXT PRIMARY KEY) STRICT");
  const add = db.prepare("INSERT OR IGNORE INTO own VALUES (?)");
  for (const id of own) add.run(id);
}

/** Triggers keep sums and refuse removals; here, the sums come along as rows. */
function withoutTriggers(db: DatabaseSync, work: () => void): void {
  const triggers = db.prepare("SELECT name, sql FROM main.sqlite_master WHERE type = 'trigger'").all();
  transaction(db, () => {
    for (const { name } of triggers) db.exec(`DROP TRIGGER main.${String(name)}`);
    work();
    for (const { sql } of triggers) db.exec(String(sql));
  });
}

/** A table that the part does not name could have rows of others. */
function assertTables(db: DatabaseSync, { path, tables }: DatabasePart): void {
  const known = new Set(tables.map(({ name }) => name));
  const all = db.prepare("SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").all();
  const unknown = all.map(({ name }) => String(name)).find((name) => !known.has(name));
  if (unknown !== undefined)
    throw new MayflyError("internal", { what: `nobody says which rows of the table ${unknown} of ${path} are a tenant's` });
}

function assertSameForm(db: DatabaseSync, { path }: DatabasePart): void {
  const formOf = (schema: string) => Number(db.prepare(`PRAGMA ${schema}.user_version`).get()!["user_version"]);
  const [found, known] = [formOf("copy"), formOf("main")];
  if (found !== known)
    throw new MayflyError("bad-backup", {
      folder: "of the tenant",
      what: `${path} has another form (${found}) than that of the state folder (${known}): restore it into a folder of its own, start this Mayfly there once, and make a backup of that`,
    });
}
