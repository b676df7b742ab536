/** Databases as texts of SQL: the statements that make one again, as SQLite's own shell writes them. */
import type { Client } from "../doors/admin/client.ts";
import { MayflyError } from "../base/errors/error.ts";
import { statementsOf } from "./sql-statements.ts";

type Value = Awaited<ReturnType<Client["runSql"]>>[number]["rows"][number][number];

/** A copy of a database, which stays as it is while it is read. */
export interface Source {
  client: Client;
  app: string;
  database: string;
  /** Of the copy. */
  at: number;
}

/** Rows that are asked for at once, at first. */
const ROWS = 1_000;
/** What the management API takes in one request, with room for the JSON around it. */
const MOST_BYTES = 200_000;
const MOST_AT_ONCE = 500;

export async function* exported(source: Source): AsyncGenerator<string> {
  yield "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n";
  const tables = await rowsOf(
    source,
    "SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual')",
  );
  const kinds = new Map(tables.map(([name, type, wr]) => [word(name), { isVirtual: type === "virtual", hasRowid: wr === 0 }]));
  const made = await rowsOf(
    source,
    "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid",
  );
  for (const [type, name, sql] of made) {
    const kind = type === "table" ? kinds.get(word(name)) : undefined;
    if (kind === undefined) continue;
    yield `${word(sql)};\n`;
    yield* insertsOf(source, word(name), kind.hasRowid);
  }
  if (kinds.has("sqlite_sequence")) {
    yield "DELETE FROM sqlite_sequence;\n";
    yield* insertsOf(source, "sqlite_sequence", false);
  }
  for (const [type, , sql] of made) if (type !== "table") yield `${word(sql)};\n`;
  const [[version = 0] = []] = await rowsOf(source, "PRAGMA user_version");
  if (version !== 0) yield `PRAGMA user_version=${Number(version)};\n`;
  yield "COMMIT;\n";
}

async function* insertsOf(source: Source, table: string, hasRowid: boolean): AsyncGenerator<string> {
  const columns = (await rowsOf(source, `SELECT name FROM pragma_table_xinfo(${text(table)}) WHERE hidden = 0`)).map(([name]) =>
    word(name),
  );
  if (columns.length === 0) return;
  const byRowid = hasRowid && !columns.some((name) => name.toLowerCase() === "rowid");
  const quoted = columns.map((column) => `quote(${name(column)})`).join(" || ',' || ");
  const head = `INSERT INTO ${name(table)} (${columns.map(name).join(", ")}) VALUES (`;
  const sql = byRowid
    ? `SELECT ${quoted}, rowid FROM ${name(table)} WHERE rowid > ? ORDER BY rowid LIMIT ?`
    : `SELECT ${quoted} FROM ${name(table)} LIMIT -1 OFFSET ?`;
  let [after, count] = [byRowid ? -Number.MAX_SAFE_INTEGER : 0, ROWS];
  for (;;) {
    const rows = await page(source, byRowid ? sql : sql.replace("LIMIT -1", `LIMIT ${count}`), byRowid ? [after, count] : [after]).catch(
      (error: unknown) => {
        // Fewer rows may fit.
        if (!(error instanceof MayflyError) || error.code !== "sql-too-large" || count === 1) throw error;
        return null;
      },
    );
    if (rows === null) {
      count = Math.ceil(count / 4);
      continue;
    }
    if (rows.length > 0) yield rows.map(([values]) => `${head}${word(values)});\n`).join("");
    if (rows.length < count) return;
    after = byRowid ? Number(rows.at(-1)![1]) : after + rows.length;
  }
}

async function page({ client, app, database, at }: Source, sql: string, params: Value[]): Promise<Value[][]> {
  const [result] = await client.runSql(app, database, { statements: [{ sql, params }], copy: at });
  return result!.rows;
}

function rowsOf(source: Source, sql: string): Promise<Value[][]> {
  return page(source, sql, []);
}

/** Of SQLite's own tables, and of quote(): they are texts. */
function word(value: Value | undefined): string {
  return typeof value === "string" ? value : "";
}

function name(of: string): string {
  return `"${of.replaceAll('"', '""')}"`;
}

function text(of: string): string {
  return `'${of.replaceAll("'", "''")}'`;
}

/**
 * Carries out the statements of a text, some at a time, each part in a transaction of its own. Foreign keys are not looked at meanwhile.
 * @throws "not-done", with how far it came
 */
export async function imported(client: Client, app: string, database: string, sql: string): Promise<number> {
  // Transactions are the server's to begin and to end.
  const statements = statementsOf(sql).filter((statement) => !/^(?:BEGIN|COMMIT|END|PRAGMA\s+foreign_keys)\b/i.test(statement));
  const one = (script: string) => client.runSql(app, database, { statements: [{ sql: script, params: [] }] });
  await one("PRAGMA foreign_keys = OFF");
  let done = 0;
  try {
    for (const part of parts(statements)) {
      await client.runSql(app, database, { statements: part.map((statement) => ({ sql: statement, params: [] })) });
      done += part.length;
    }
  } catch (error) {
    const { message } = error as Error;
    throw new MayflyError(
      "not-done",
      { what: `${done} of ${statements.length} statements are carried out, and those after them are not: ${message}` },
      error,
    );
  } finally {
    await one("PRAGMA foreign_keys = ON").catch(() => undefined);
  }
  return done;
}

function* parts(statements: readonly string[]): Generator<string[]> {
  let [part, bytes]: [string[], number] = [[], 0];
  for (const statement of statements) {
    const size = Buffer.byteLength(JSON.stringify(statement)) + 30;
    if (size > MOST_BYTES)
      throw new MayflyError("not-done", {
        what: `a statement has more than ${MOST_BYTES} bytes, which one request does not hold: ${statement.slice(0, 80)}…`,
      });
    if (part.length >= MOST_AT_ONCE || bytes + size > MOST_BYTES) {
      yield part;
      [part, bytes] = [[], 0];
    }
    part.push(statement);
    bytes += size;
  }
  if (part.length > 0) yield part;
}
