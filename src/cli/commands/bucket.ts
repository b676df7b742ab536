import type { Command } from "commander";
import { randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { MayflyError } from "../../base/errors/error.ts";
import { type Column, renderTable } from "../../base/terminal/table.ts";
import { harmless } from "../../base/terminal/terminal.ts";
import { counted } from "../../base/words/counted.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";
import { parseCount } from "../parse.ts";
import { asJson } from "../as-json.ts";

type BucketOptions = ConnectionOptions & { json?: true };
type Client = Awaited<ReturnType<typeof connect>>["client"];
type ListedBucket = Awaited<ReturnType<Client["bucket"]>>;
type ListedObject = Awaited<ReturnType<Client["objects"]>>["objects"][number];

const bucketColumns: Column<ListedBucket>[] = [
  { title: "BUCKET", cell: ({ name }) => name },
  { title: "OF", cell: ({ app, called }) => (app === null ? "" : `${app}:${called}`) },
  { title: "OBJECTS", align: "right", cell: ({ objects }) => String(objects) },
  { title: "BYTES", align: "right", cell: ({ bytes }) => String(bytes) },
  { title: "MADE", cell: ({ createdAt }) => createdAt },
];

/** A common prefix is shown like an object, without what only an object has. */
type Row = Pick<ListedObject, "key"> & Partial<ListedObject>;

const objectColumns: Column<Row>[] = [
  { title: "KEY", cell: ({ key }) => harmless(key) },
  { title: "BYTES", align: "right", cell: ({ bytes }) => (bytes === undefined ? "" : String(bytes)) },
  { title: "MODIFIED", cell: ({ modifiedAt = "" }) => modifiedAt },
  { title: "TYPE", cell: ({ type }) => harmless(type ?? "") },
];

export function define(command: Command): void {
  command.addHelpText("after", "\nA bucket of an app is <app>:<name>, such as shop:files.\n\nExample:\n  mayfly bucket ls shop:files");
  withConnectionOptions(command.command("list"))
    .description("list buckets, with the apps that they belong to and how much is in them")
    .option("--app <name>", "only those of this app")
    .option("--after <bucket>", "only those whose names come after this one")
    .option("--limit <count>", "at most this many", parseCount(1, 200), 100)
    .addHelpText("after", "\nExample:\n  mayfly bucket list --app shop")
    .action(list);
  withConnectionOptions(command.command("create"))
    .description("make a bucket; those of apps are made by their mayfly.json")
    .argument("<bucket>")
    .addHelpText("after", "\nExample:\n  mayfly bucket create photos")
    .action(create);
  withConnectionOptions(command.command("show"))
    .description("show a bucket, and how much is in it")
    .argument("<bucket>")
    .addHelpText("after", "\nExample:\n  mayfly bucket show shop:files")
    .action(show);
  withConnectionOptions(command.command("remove"))
    .description("remove a bucket that is empty")
    .argument("<bucket>")
    .option("--force", "remove all that is in it, too")
    .addHelpText("after", "\nExample:\n  mayfly bucket remove photos --force")
    .action(remove);
  withConnectionOptions(command.command("ls"))
    .description("list what is in a bucket, as in a folder")
    .argument("<bucket>")
    .argument("[prefix]", "only what begins like this", "")
    .option("--all", "all keys, also those below a further /")
    .option("--after <key>", "only what comes after this one", "")
    .option("--limit <count>", "at most this many", parseCount(1, 1_000), 100)
    .addHelpText("after", "\nExample:\n  mayfly bucket ls shop:files in/")
    .action(ls);
  withConnectionOptions(command.command("put"))
    .description("put a file into a bucket; without a file, standard input")
    .argument("<bucket>")
    .argument("<key>")
    .argument("[file]")
    .option("--type <type>", "of the content; default: application/octet-stream")
    .addHelpText("after", "\nExample:\n  mayfly bucket put shop:files in/a.png a.png --type image/png")
    .action(put);
  withConnectionOptions(command.command("get"))
    .description("write an object to a file; without a file, to standard output")
    .argument("<bucket>")
    .argument("<key>")
    .argument("[file]")
    .option("--version <id>", "that version, in a bucket with versions")
    .addHelpText("after", "\nExample:\n  mayfly bucket get shop:files in/a.png a.png")
    .action(get);
  withConnectionOptions(command.command("rm"))
    .description("remove objects")
    .argument("<bucket>")
    .argument("<key...>")
    .addHelpText("after", "\nExample:\n  mayfly bucket rm shop:files in/a.png in/b.png")
    .action(removeObjects);
}

async function list({ app, after, limit, ...options }: BucketOptions & { app?: string; after?: string; limit: number }): Promise<void> {
  const { client } = await connect(options);
  const buckets = await client.buckets({ limit, ...(app !== undefined && { app }), ...(after !== undefined && { after }) });
  console.log(options.json ? asJson("bucket list", buckets) : renderTable(bucketColumns, buckets));
}

async function create(name: string, options: BucketOptions): Promise<void> {
  const made = await (await connect(options)).client.createBucket(name);
  console.log(options.json ? asJson("bucket create", made) : `The bucket ${made.name} is there.`);
}

async function show(name: string, options: BucketOptions): Promise<void> {
  const bucket = await (await connect(options)).client.bucket(name);
  if (options.json) return console.log(asJson("bucket show", bucket));
  const { app, called, objects, bytes, createdAt, versioning } = bucket;
  console.log(`${bucket.name} has ${counted(objects, "object")} of ${counted(bytes, "byte")} in all, and was made at ${createdAt}.`);
  if (app !== null) console.log(`It belongs to the app ${app}, which calls it ${called}, and goes with it.`);
  if (versioning !== "off") console.log(`Versions are ${versioning === "enabled" ? "kept" : "not kept any more"}.`);
}

async function remove(name: string, { force = false, ...options }: BucketOptions & { force?: boolean }): Promise<void> {
  await (await connect(options)).client.removeBucket(name, force);
  console.log(options.json ? asJson("bucket remove", { bucket: name }) : `The bucket ${name} is removed.`);
}

interface LsOptions extends BucketOptions {
  all?: true;
  after: string;
  limit: number;
}

async function ls(name: string, prefix: string, { all, after, limit, ...options }: LsOptions): Promise<void> {
  const { client } = await connect(options);
  const page = await client.objects(name, { prefix, after, limit, delimiter: all ? "" : "/" });
  if (options.json) return console.log(asJson("bucket ls", page));
  const rows: Row[] = [...page.prefixes.map((key) => ({ key })), ...page.objects];
  console.log(
    renderTable(
      objectColumns,
      rows.toSorted((one, other) => Buffer.compare(Buffer.from(one.key), Buffer.from(other.key))),
    ),
  );
  if (page.next !== null) console.log(`There are more: --after ${harmless(page.next)}`);
}

async function put(
  name: string,
  key: string,
  file: string | undefined,
  { type, ...options }: BucketOptions & { type?: string },
): Promise<void> {
  const content = file === undefined ? process.stdin : await opened(file);
  const stored = await (await connect(options)).client.putObject(name, { key, ...(type !== undefined && { type }) }, content);
  console.log(options.json ? asJson("bucket put", stored) : `Put ${counted(stored.bytes, "byte")} under ${harmless(key)}.`);
}

/** What is no file is refused before anything is sent. */
async function opened(file: string) {
  const stream = createReadStream(file);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  stream.once("open", () => resolve()).once("error", reject);
  await promise;
  return stream;
}

async function get(
  name: string,
  key: string,
  file: string | undefined,
  { version, ...options }: BucketOptions & { version?: string },
): Promise<void> {
  if (file === undefined && options.json) throw new MayflyError("not-done", { what: "--json needs a file for the content" });
  const content = await (await connect(options)).client.object(name, { key, ...(version !== undefined && { version }) });
  if (file === undefined) return pipeline(content, process.stdout, { end: false });
  const bytes = await write(content, file);
  console.log(options.json ? asJson("bucket get", { key, bytes, file }) : `Wrote ${counted(bytes, "byte")} to ${file}.`);
}

/** The file is there whole, or as it was. Returns its size. */
async function write(content: AsyncIterable<Uint8Array>, file: string): Promise<number> {
  const beside = join(dirname(file), `.${basename(file)}.${randomUUID().slice(0, 8)}`);
  const stream = createWriteStream(beside, { flags: "wx" });
  try {
    await pipeline(content, stream);
    await rename(beside, file);
    return stream.bytesWritten;
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

async function removeObjects(name: string, keys: string[], options: BucketOptions): Promise<void> {
  const { client } = await connect(options);
  for (const key of keys) await client.removeObject(name, key);
  console.log(options.json ? asJson("bucket rm", { bucket: name, removed: keys }) : `${counted(keys.length, "object")} removed.`);
}
