import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import { once } from "node:events";
import { createWriteStream, readFileSync } from "node:fs";
import { MayflyError } from "../../base/errors/error.ts";
import { type Column, renderTable } from "../../base/terminal/table.ts";
import { harmless } from "../../base/terminal/terminal.ts";
import { counted } from "../../base/words/counted.ts";
import { withApp } from "../app-argument.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";
import { statementsOf } from "../sql-statements.ts";
import { exported, imported } from "../sql-text.ts";
import { asJson } from "../as-json.ts";

type SqlOptions = ConnectionOptions & { json?: true };
type Client = Awaited<ReturnType<typeof connect>>["client"];
type Result = Awaited<ReturnType<Client["runSql"]>>[number];
type Value = Result["rows"][number][number];
type Copy = Awaited<ReturnType<Client["sqlCopies"]>>[number];

const databaseColumns: Column<{ name: string; bytes: number }>[] = [
  { title: "DATABASE", cell: ({ name }) => name },
  { title: "BYTES", align: "right", cell: ({ bytes }) => String(bytes) },
];

const copyColumns: Column<Copy>[] = [
  { title: "COPY", cell: ({ at }) => shownTime(at) },
  { title: "BYTES", align: "right", cell: ({ bytes }) => String(bytes) },
];

export function define(command: Command): void {
  command.addHelpText("after", "\nExample:\n  mayfly sql shop main 'SELECT count(*) FROM orders'");
  withApp(withConnectionOptions(command.command("run", { isDefault: true })), "<app>")
    .description("carry out statements; several are one transaction. Without any, those of standard input")
    .argument("<database>")
    .argument("[statements]")
    .option("--at <time>", "on the last copy that was made then or before", parseTime)
    .addHelpText("after", "\nExample:\n  mayfly sql run shop main 'SELECT * FROM orders LIMIT 10' --json")
    .action(run);
  withApp(withConnectionOptions(command.command("list")), "<app>")
    .description("list an app's databases")
    .addHelpText("after", "\nExample:\n  mayfly sql list shop")
    .action(list);
  withApp(withConnectionOptions(command.command("copies")), "<app>")
    .description("list the copies of a database")
    .argument("<database>")
    .addHelpText("after", "\nExample:\n  mayfly sql copies shop main")
    .action(copies);
  withApp(withConnectionOptions(command.command("copy")), "<app>")
    .description("copy a database as it is now")
    .argument("<database>")
    .addHelpText("after", "\nExample:\n  mayfly sql copy shop main")
    .action(copy);
  withApp(withConnectionOptions(command.command("restore")), "<app>")
    .description("put a copy in the place of a database, which is copied before")
    .argument("<database>")
    .requiredOption("--at <time>", "the last copy that was made then or before", parseTime)
    .option("--as <name>", "make another database of it instead")
    .addHelpText("after", "\nExample:\n  mayfly sql restore shop main --at 2026-11-30T09:00:00Z --as yesterday")
    .action(restore);
  withApp(withConnectionOptions(command.command("export")), "<app>")
    .description("write a database as SQL, as a new copy has it")
    .argument("<database>")
    .option("--file <path>", "where to; - is standard output", "-")
    .option("--at <time>", "the last copy that was made then or before, in place of a new one", parseTime)
    .addHelpText("after", "\nExample:\n  mayfly sql export shop main --file main.sql")
    .action(writeOut);
  withApp(withConnectionOptions(command.command("import")), "<app>")
    .description("carry out a file of SQL, some statements at a time")
    .argument("<database>")
    .argument("[file]", "- is standard input", "-")
    .addHelpText("after", "\nExample:\n  mayfly sql import shop main main.sql")
    .action(readIn);
  withApp(withConnectionOptions(command.command("remove")), "<app>")
    .description("remove a database with its copies")
    .argument("<database>")
    .option("--force", "which has to be said")
    .addHelpText("after", "\nExample:\n  mayfly sql remove shop yesterday --force")
    .action(remove);
}

function parseTime(text: string): number {
  const at = /^\d{9,16}$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isNaN(at)) throw new InvalidArgumentError("It must be a time such as 2026-11-30T09:00:00Z, or milliseconds since 1970.");
  return at;
}

function shownTime(at: number): string {
  return new Date(at).toISOString();
}

type AtOptions = SqlOptions & { at?: number };

async function run(app: string, database: string, given: string | undefined, options: AtOptions): Promise<void> {
  const statements = statementsOf(given ?? readFileSync(0, "utf8"));
  if (statements.length === 0) throw new MayflyError("not-done", { what: "there is no statement" });
  const { client } = await connect(options);
  const on = options.at === undefined ? {} : { copy: (await copyAt(client, app, database, options.at)).at };
  const results = await client.runSql(app, database, { statements: statements.map((sql) => ({ sql, params: [] })), ...on });
  if (options.json) return console.log(asJson("sql run", results));
  for (const result of results) console.log(shownResult(result));
}

function shownResult({ columns, rows, meta }: Result): string {
  if (columns.length === 0) return `${counted(meta.changes, "row")} changed.`;
  const cells: Column<Value[]>[] = columns.map((title, at) => ({ title: harmless(title), cell: (row) => shownValue(row[at]!) }));
  return `${renderTable(cells, rows)}\n${counted(rows.length, "row")}.`;
}

function shownValue(value: Value): string {
  if (value === null) return "NULL";
  return typeof value === "object" ? `(${Buffer.from(value.base64, "base64").length} bytes)` : harmless(String(value));
}

async function copyAt(client: Client, app: string, database: string, at: number): Promise<Copy> {
  const found = (await client.sqlCopies(app, database)).find((each) => each.at <= at);
  if (found === undefined) throw new MayflyError("no-such-copy", { copy: `of ${shownTime(at)} or before` });
  return found;
}

async function list(app: string, options: SqlOptions): Promise<void> {
  const databases = await (await connect(options)).client.sqlDatabases(app);
  console.log(options.json ? asJson("sql list", databases) : renderTable(databaseColumns, databases));
}

async function copies(app: string, database: string, options: SqlOptions): Promise<void> {
  const found = await (await connect(options)).client.sqlCopies(app, database);
  console.log(options.json ? asJson("sql copies", found) : renderTable(copyColumns, found));
}

async function copy(app: string, database: string, options: SqlOptions): Promise<void> {
  const made = await (await connect(options)).client.copySql(app, database);
  console.log(options.json ? asJson("sql copy", made) : `The copy of ${shownTime(made.at)} has ${counted(made.bytes, "byte")}.`);
}

interface RestoreOptions extends SqlOptions {
  at: number;
  as?: string;
}

async function restore(app: string, database: string, options: RestoreOptions): Promise<void> {
  const { at, as } = options;
  const restored = await (await connect(options)).client.restoreSql(app, database, { at, ...(as !== undefined && { as }) });
  if (options.json) return console.log(asJson("sql restore", restored));
  const { copy: from, saved } = restored;
  const what =
    as === undefined ? `${database} is as it was at ${shownTime(from.at)}.` : `${as} is ${database} as it was at ${shownTime(from.at)}.`;
  console.log(saved === null ? what : `${what} What it was before is the copy of ${shownTime(saved.at)}.`);
}

async function writeOut(app: string, database: string, options: AtOptions & { file: string }): Promise<void> {
  const { client } = await connect(options);
  const { at } = options.at === undefined ? await client.copySql(app, database) : await copyAt(client, app, database, options.at);
  const out = options.file === "-" ? process.stdout : createWriteStream(options.file, { flags: "wx", mode: 0o600 });
  let bytes = 0;
  for await (const part of exported({ client, app, database, at })) {
    bytes += Buffer.byteLength(part);
    if (!out.write(part)) await once(out, "drain");
  }
  if (out === process.stdout) return;
  out.end();
  await once(out, "finish");
  console.log(
    options.json ? asJson("sql export", { at, bytes }) : `Wrote ${counted(bytes, "byte")}, as ${database} was at ${shownTime(at)}.`,
  );
}

async function readIn(app: string, database: string, file: string, options: SqlOptions): Promise<void> {
  const { client } = await connect(options);
  const done = await imported(client, app, database, readFileSync(file === "-" ? 0 : file, "utf8"));
  console.log(options.json ? asJson("sql import", { statements: done }) : `Carried out ${counted(done, "statement")}.`);
}

async function remove(app: string, database: string, options: SqlOptions & { force?: true }): Promise<void> {
  if (options.force !== true) throw new MayflyError("not-done", { what: `${database} and its copies would be lost: say --force` });
  await (await connect(options)).client.removeSql(app, database);
  console.log(options.json ? asJson("sql remove", { removed: database }) : `The database ${database} is removed.`);
}
