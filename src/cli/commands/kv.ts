import type { Command } from "commander";
import { isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";
import { MayflyError } from "../../base/errors/error.ts";
import { type Column, renderTable } from "../../base/terminal/table.ts";
import { harmless, yellow } from "../../base/terminal/terminal.ts";
import { confirm } from "../confirm.ts";
import { withApp } from "../app-argument.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";
import { parseCount } from "../parse.ts";
import { asJson } from "../as-json.ts";

type KvOptions = ConnectionOptions & { json?: true };
type Client = Awaited<ReturnType<typeof connect>>["client"];
type ListedKey = Awaited<ReturnType<Client["keyValues"]>>["keys"][number];
type ListedStore = Awaited<ReturnType<Client["keyValueStores"]>>[number];

const storeColumns: Column<ListedStore>[] = [
  { title: "STORE", cell: ({ name }) => name },
  { title: "ENTRIES", align: "right", cell: ({ entries }) => String(entries) },
  { title: "BYTES", align: "right", cell: ({ bytes }) => String(bytes) },
];

const keyColumns: Column<ListedKey>[] = [
  { title: "KEY", cell: ({ key }) => harmless(key) },
  { title: "BYTES", align: "right", cell: ({ bytes }) => String(bytes) },
  { title: "VERSION", align: "right", cell: ({ version }) => String(version) },
  { title: "EXPIRES", cell: ({ expiration }) => (expiration === null ? "" : new Date(1_000 * expiration).toISOString()) },
  { title: "METADATA", cell: ({ metadata }) => (metadata === null ? "" : harmless(JSON.stringify(metadata))) },
];

export function define(command: Command): void {
  command.addHelpText("after", "\nExample:\n  mayfly kv list shop sessions --prefix user/");
  withApp(withConnectionOptions(command.command("list")), "<app>")
    .description("list an app's key-value stores, or the keys of one")
    .argument("[store]")
    .option("--prefix <text>", "only keys that begin with it", "")
    .option("--limit <count>", "at most this many", parseCount(1, 1_000), 100)
    .option("--cursor <text>", "that of the page before")
    .addHelpText("after", "\nExample:\n  mayfly kv list shop sessions --prefix user/")
    .action(list);
  withApp(withConnectionOptions(command.command("get")), "<app>")
    .description("print the value of a key")
    .argument("<store>")
    .argument("<key>")
    .addHelpText("after", "\nExample:\n  mayfly kv get shop sessions user/7")
    .action(get);
  withApp(withConnectionOptions(command.command("put")), "<app>")
    .description("put a value under a key; without a value, that of a file or of standard input")
    .argument("<store>")
    .argument("<key>")
    .argument("[value]")
    .option("--file <path>", "the file that has the value; - is standard input", "-")
    .option("--ttl <seconds>", "after which the entry is gone", parseCount(1, 31_622_400_000))
    .option("--metadata <json>", "what is listed with the key")
    .option("--if-version <number>", "only if the entry has this version; 0: only if there is none", parseCount(0, Number.MAX_SAFE_INTEGER))
    .addHelpText("after", '\nExample:\n  mayfly kv put shop sessions user/7 \'{"name":"Ada"}\' --ttl 3600')
    .action(put);
  withApp(withConnectionOptions(command.command("delete")), "<app>")
    .description("remove a key; with --all in its place, the whole store")
    .argument("<store>")
    .argument("[key]")
    .option("--all", "remove the store with all that is in it")
    .option("--yes", "with --all: do not ask")
    .addHelpText("after", "\nExample:\n  mayfly kv delete shop sessions user/7")
    .action(remove);
}

interface ListOptions extends KvOptions {
  prefix: string;
  limit: number;
  cursor?: string;
}

async function list(app: string, store: string | undefined, options: ListOptions): Promise<void> {
  const { prefix, limit, cursor } = options;
  const { client } = await connect(options);
  if (store === undefined) {
    const stores = await client.keyValueStores(app);
    return console.log(options.json ? asJson("kv list", stores) : renderTable(storeColumns, stores));
  }
  const page = await client.keyValues(app, store, { prefix, limit, ...(cursor !== undefined && { cursor }) });
  if (options.json) return console.log(asJson("kv list", page));
  console.log(renderTable(keyColumns, page.keys));
  if (page.keys.length === 0 && cursor === undefined) await noteMissing(client, app, store);
  if (page.cursor !== null) console.log(`There are more: --cursor ${page.cursor}`);
}

/** A store is there once something was put, so that a name which was mistyped is no error. */
async function noteMissing(client: Client, app: string, store: string): Promise<void> {
  const names = (await client.keyValueStores(app)).map(({ name }) => name);
  if (names.includes(store)) return;
  const others = names.length === 0 ? "it has none" : `it has ${names.join(", ")}`;
  console.error(`${yellow("note:", process.stderr)} ${app} has no store ${store}; ${others}`);
}

async function get(app: string, store: string, key: string, options: KvOptions): Promise<void> {
  const entry = await (await connect(options)).client.keyValue(app, store, key);
  if (options.json) return console.log(asJson("kv get", entry));
  // A terminal gets nothing that it would take for a command; a file or a pipe gets the value as it is.
  if (process.stdout.isTTY) console.log(entry.base64 ? `(${entry.value.length} letters of base64: use --json)` : harmless(entry.value));
  else process.stdout.write(Buffer.from(entry.value, entry.base64 ? "base64" : "utf8"));
}

interface PutOptions extends KvOptions {
  file: string;
  ttl?: number;
  metadata?: string;
  ifVersion?: number;
}

async function put(app: string, store: string, key: string, value: string | undefined, options: PutOptions): Promise<void> {
  const { file, ttl, metadata, ifVersion } = options;
  const bytes = value === undefined ? readFileSync(file === "-" ? 0 : file) : Buffer.from(value);
  const written = await (
    await connect(options)
  ).client.putKeyValue(app, store, key, {
    ...valueOf(bytes),
    ...(ttl !== undefined && { expirationTtl: ttl }),
    ...(metadata !== undefined && { metadata: parsed(metadata) }),
    ...(ifVersion !== undefined && { ifVersion }),
  });
  console.log(options.json ? asJson("kv put", written) : `Put ${bytes.length} bytes, as version ${written.version}.`);
}

/** As a text if it is one, which is shorter. */
function valueOf(bytes: Buffer): { value: string; base64: boolean } {
  const base64 = !isUtf8(bytes);
  return { value: bytes.toString(base64 ? "base64" : "utf8"), base64 };
}

function parsed(metadata: string): unknown {
  try {
    return JSON.parse(metadata) as unknown;
  } catch (error) {
    throw new MayflyError("not-done", { what: `--metadata is no JSON: ${(error as Error).message}` });
  }
}

async function remove(app: string, store: string, key: string | undefined, options: KvOptions & { all?: true; yes?: true }): Promise<void> {
  if ((key === undefined) !== (options.all === true))
    throw new MayflyError("not-done", { what: "give a key, or --all for the whole store" });
  if (key === undefined && !options.yes) await confirm(`Remove the store ${store} of ${app} with all that is in it?`);
  const { client } = await connect(options);
  if (key === undefined) await client.removeKeyValueStore(app, store);
  else await client.removeKeyValue(app, store, key);
  const done = key === undefined ? `The store ${store} is removed.` : "The key is removed.";
  console.log(options.json ? asJson("kv delete", { store, removed: key ?? null }) : done);
}
