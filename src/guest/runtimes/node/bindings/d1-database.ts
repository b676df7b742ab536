/** `env.NAME` of a SQL database, in the shape of Cloudflare's D1Database. Its requests go to the host over the machine's own channel. */
import { request } from "./request.ts";

type Given = null | number | string | { base64: string };

interface Statement {
  sql: string;
  params: Given[];
}

/** What the host answers for each statement. */
interface HostResult {
  columns: string[];
  rows: Given[][];
  meta: { changes: number; lastRowId: number; duration: number; size: number };
}

interface Result {
  success: true;
  results: Record<string, unknown>[];
  meta: { duration: number; changes: number; last_row_id: number; changed_db: boolean; size_after: number };
}

export class D1Database {
  readonly #path: string;

  /** @param database its name */
  constructor(database: string) {
    this.#path = `/v1/${encodeURIComponent(database)}/query`;
  }

  prepare(sql: string): D1PreparedStatement {
    if (typeof sql !== "string") throw new TypeError("a statement must be a string");
    return new D1PreparedStatement((statements) => this.#run({ statements }), { sql, params: [] });
  }

  /** Statements that are done together, in one transaction: all of them, or none. */
  async batch(statements: readonly D1PreparedStatement[]): Promise<Result[]> {
    const all = await this.#run({ statements: statements.map((each) => each.statement) });
    return all.map(shown);
  }

  /** Statements without parameters, one after the other, each by itself. */
  async exec(script: string): Promise<{ duration: number }> {
    const [result] = await this.#run({ script });
    return { duration: result!.meta.duration };
  }

  /** There is one copy of a database, so that every session sees what was written last. */
  withSession(): this {
    return this;
  }

  /** Of a session: there is none, as no read has to wait for a copy. */
  getBookmark(): null {
    return null;
  }

  async #run(asked: { statements: Statement[] } | { script: string }): Promise<HostResult[]> {
    const { body } = await request("sql", "POST", this.#path, { "content-type": "application/json" }, Buffer.from(JSON.stringify(asked)));
    return (JSON.parse(body.toString()) as { results: HostResult[] }).results;
  }
}

class D1PreparedStatement {
  readonly statement: Statement;
  readonly #run: (statements: Statement[]) => Promise<HostResult[]>;

  constructor(run: (statements: Statement[]) => Promise<HostResult[]>, statement: Statement) {
    this.#run = run;
    this.statement = statement;
  }

  /** The values of the statement's parameters, in their order: `?`, `?1`. */
  bind(...values: unknown[]): D1PreparedStatement {
    return new D1PreparedStatement(this.#run, { sql: this.statement.sql, params: values.map(given) });
  }

  /** The first row, or its column of that name; null if there is none. */
  async first(column?: string): Promise<unknown> {
    const { columns, rows } = await this.#host();
    const [row] = rows;
    if (row === undefined) return null;
    if (column === undefined) return recordOf(columns, row);
    const at = columns.indexOf(column);
    if (at < 0) throw new Error(`D1_COLUMN_NOTFOUND: the result has no column ${column}`);
    return got(row[at]!);
  }

  async all(): Promise<Result> {
    return shown(await this.#host());
  }

  async run(): Promise<Result> {
    return this.all();
  }

  /** Rows as lists of values; with `columnNames`, the first one has the columns' names. */
  async raw({ columnNames = false }: { columnNames?: boolean } = {}): Promise<unknown[][]> {
    const { columns, rows } = await this.#host();
    const values = rows.map((row) => row.map(got));
    return columnNames ? [columns, ...values] : values;
  }

  async #host(): Promise<HostResult> {
    const [result] = await this.#run([this.statement]);
    return result!;
  }
}

function shown({ columns, rows, meta }: HostResult): Result {
  const { changes, lastRowId, duration, size } = meta;
  return {
    success: true,
    results: rows.map((row) => recordOf(columns, row)),
    meta: { duration, changes, last_row_id: lastRowId, changed_db: changes > 0, size_after: size },
  };
}

function recordOf(columns: string[], row: Given[]): Record<string, unknown> {
  return Object.fromEntries(columns.map((column, at) => [column, got(row[at]!)]));
}

/** Bytes are a list of numbers, as D1 gives them. */
function got(value: Given): unknown {
  return value !== null && typeof value === "object" ? [...Buffer.from(value.base64, "base64")] : value;
}

function given(value: unknown): Given {
  if (value === null || typeof value === "string" || (typeof value === "number" && Number.isFinite(value))) return value;
  if (typeof value === "boolean") return Number(value);
  if (value instanceof ArrayBuffer) return { base64: Buffer.from(value).toString("base64") };
  if (ArrayBuffer.isView(value)) return { base64: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64") };
  if (Array.isArray(value) && value.every((each) => Number.isInteger(each) && each >= 0 && each < 256))
    return { base64: Buffer.from(value).toString("base64") };
  throw new TypeError(`D1_TYPE_ERROR: a parameter must be null, a number, a string, a boolean or bytes, and is ${typeof value}`);
}
