/** Carries out a request on an open database. */
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";
import { MOST_RESULT_BYTES, type SqlRequest, type SqlResult, type SqlStatement, type SqlValue } from "../sql.ts";
import { allowOwn } from "./authorize.ts";
import { checkStatement } from "./check-statement.ts";
import { CopiesFull, NoSuchCopy } from "./copies.ts";
import type { SqlFailure } from "./messages.ts";

/** SQLite's code for a file that may not become larger, and for a disk without room. */
const FULL = 13;

class TooLarge extends Error {}

/** How much rows may still take. */
interface Room {
  bytes: number;
}

/** @param begin how a transaction of several statements begins: one that only reads takes no lock */
export function runRequest(db: DatabaseSync, request: SqlRequest, begin = "BEGIN IMMEDIATE"): SqlResult[] {
  if ("script" in request) return [runScript(db, request.script)];
  const room = { bytes: MOST_RESULT_BYTES };
  const [first, ...more] = request.statements;
  if (first === undefined) return [];
  if (more.length === 0) return [runOne(db, first, room)];
  return within(db, begin, () => request.statements.map((statement) => runOne(db, statement, room)));
}

export function failureOf(error: unknown): SqlFailure {
  if (error instanceof NoSuchCopy) return { kind: "missing", what: error.message };
  if (error instanceof CopiesFull) return { kind: "full", what: error.message };
  if (error instanceof TooLarge) return { kind: "large", what: error.message };
  const { errcode, message } = error as { errcode?: number; message: string };
  return { kind: ((errcode ?? 0) & 0xff) === FULL ? "full" : "sql", what: message.slice(0, 1_000) };
}

function within<T>(db: DatabaseSync, begin: string, work: () => T): T {
  db.exec(begin);
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

function runScript(db: DatabaseSync, script: string): SqlResult {
  return measured(db, () => {
    db.exec(script);
    return { columns: [], rows: [] };
  });
}

function runOne(db: DatabaseSync, { sql, params }: SqlStatement, room: Room): SqlResult {
  return measured(db, () => {
    const statement = db.prepare(sql);
    checkStatement(sql, statement, params.length);
    const columns = statement.columns().map(({ name }) => name);
    const given = params.map(inputOf);
    if (columns.length === 0) {
      statement.run(...given);
      return { columns, rows: [] };
    }
    return { columns, rows: rowsOf(statement, given, room) };
  });
}

/** SQLite asks the authorizer when a statement is made, and of some, such as VACUUM, while it runs. It is there for the app's statements alone. */
function allowed<T>(db: DatabaseSync, work: () => T): T {
  allowOwn(db);
  try {
    return work();
  } finally {
    db.setAuthorizer(null);
  }
}

function rowsOf(statement: StatementSync, given: SQLInputValue[], room: Room): SqlValue[][] {
  statement.setReturnArrays(true);
  statement.setReadBigInts(true);
  const rows: SqlValue[][] = [];
  for (const row of statement.iterate(...given) as unknown as Iterable<SQLOutputValue[]>) {
    room.bytes -= row.reduce((sum: number, value) => sum + bytesOf(value), 8);
    if (room.bytes < 0) throw new TooLarge(`more than ${MOST_RESULT_BYTES} bytes of rows`);
    rows.push(row.map(outputOf));
  }
  return rows;
}

function measured(db: DatabaseSync, work: () => Omit<SqlResult, "meta">): SqlResult {
  const from = performance.now();
  const before = totals(db).changed;
  const result = allowed(db, work);
  const { changed, lastRowId } = totals(db);
  return { ...result, meta: { changes: changed - before, lastRowId, duration: performance.now() - from, size: sizeOf(db) } };
}

/** Asked by statements that no table of the app's can stand in the way of. */
function sizeOf(db: DatabaseSync): number {
  const { page_count: pages } = db.prepare("PRAGMA main.page_count").get()!;
  const { page_size: bytes } = db.prepare("PRAGMA main.page_size").get()!;
  return Number(pages) * Number(bytes);
}

function totals(db: DatabaseSync): { changed: number; lastRowId: number } {
  const row = db.prepare("SELECT total_changes() AS changed, last_insert_rowid() AS id").get()!;
  return { changed: Number(row["changed"]), lastRowId: Number(row["id"]) };
}

function inputOf(value: SqlValue): SQLInputValue {
  if (value === null || typeof value === "string") return value;
  if (typeof value === "object") return Buffer.from(value.base64, "base64");
  // SQLite tells whole numbers and others apart, and JSON does not.
  return Number.isSafeInteger(value) ? BigInt(value) : value;
}

/** Numbers beyond 2^53 lose their last digits, as all numbers in JSON do. */
function outputOf(value: SQLOutputValue): SqlValue {
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString("base64") };
  return value;
}

function bytesOf(value: SQLOutputValue): number {
  if (typeof value === "string") return 8 + value.length;
  return value instanceof Uint8Array ? 8 + value.length : 8;
}
