import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { afterwards } from "../../../base/testing/afterwards.ts";
import { Random, seedOf } from "../../../base/testing/random.ts";
import { InlineCommit } from "../../../store/group-commit/testing/inline-commit.ts";
import { migrate } from "../../../store/sqlite/migrate.ts";
import { openContentFiles } from "../content/content-files.ts";
import type { ByteRange } from "../content/outgoing.ts";
import type { AskedEncryption } from "../object.ts";
import { objectsOver } from "../objects-over.ts";
import type { Objects } from "../objects.ts";
import { engine, type ObjectOperations } from "../store/engine.ts";
import { about, pieces, putInto, serverKey } from "../testing/describe-objects.ts";
import { isSealedByServer } from "../sealed-by-server.ts";
import { removeGarbage } from "../upkeep.ts";
import { isKeyOf, newDataKey, newKeyCheck, openDataKey, sealDataKey } from "./data-keys.ts";

const seed = seedOf();
const customers = Buffer.alloc(32, 1);
const byServer: AskedEncryption = { by: "server" };
const byCustomer: AskedEncryption = { by: "customer", key: customers };

async function open(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-objects-"));
  afterwards(t, () => rmSync(folder, { recursive: true }));
  const index = new InlineCommit<ObjectOperations>(engine);
  afterwards(t, () => index.close());
  const files = openContentFiles(folder, () => Date.now());
  const limits = { bytes: 1e9, objects: 1e6, buckets: 10 };
  const over = (key: () => Buffer) =>
    objectsOver({ index, files, limitsOf: () => limits, serverKey: key, now: () => Date.now(), written: () => {} });
  const objects = over(() => serverKey);
  await objects.createBucket({ name: "b", tenant: "ten_a", region: "us-east-1", isLocked: false });
  const onDisk = async () => {
    await removeGarbage(index, files);
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return entries.map((entry) => join(entry.parentPath, entry.name));
  };
  const kept = async (key: string) => index.run("bytes", { file: (await objects.head("b", key)).segments[0]!.file });
  return { objects, index, folder, over, onDisk, kept };
}

async function contentOf(objects: Objects, key: string, { customerKey, range }: { customerKey?: Buffer; range?: ByteRange } = {}) {
  const read = await objects.read("b", key, undefined, () => customerKey);
  try {
    const [own, lent]: [Buffer[], Buffer[]] = [[], []];
    for await (const piece of read.content(range)) own.push(Buffer.from(piece));
    for await (const piece of read.content(range, "lent")) lent.push(Buffer.from(piece));
    assert.ok(Buffer.concat(own).equals(Buffer.concat(lent)));
    return Buffer.concat(own);
  } finally {
    read.release();
  }
}

const sizes = [0, 1, 16_384, 16_385, 65_535, 65_536, 65_537, 262_144, 262_145, 524_288, 524_289, 1_300_000];
for (const encrypt of [byServer, byCustomer])
  test(`what is encrypted by the ${encrypt.by} comes back whole and in ranges, and is not on the disk as it came (seed ${seed})`, async (t) => {
    const { objects, onDisk, kept } = await open(t);
    const random = new Random(seed);
    const customerKey = encrypt.by === "customer" ? { customerKey: customers } : {};
    for (const size of sizes) {
      const bytes = random.bytes(size);
      const { etag, checksum } = await putInto(objects, "k", bytes, { encrypt, algorithm: "SHA256" });
      const isMd5 = etag === createHash("md5").update(bytes).digest("hex");
      assert.deepEqual([isMd5, etag.length], [encrypt.by === "server", 32]);
      assert.equal(checksum?.value, createHash("sha256").update(bytes).digest("base64"));
      assert.ok((await contentOf(objects, "k", customerKey)).equals(bytes), `${size} bytes`);
      const borders = [0, 1, size - 1, ...[65_536, 131_072, 262_144, 524_288].flatMap((at) => [at - 1, at, at + 1])];
      for (const first of borders.filter((at) => at >= 0 && at < size))
        for (const length of [1, 2, 65_536, 65_537, size]) {
          const range = { first, last: Math.min(size, first + length) - 1 };
          const found = await contentOf(objects, "k", { ...customerKey, range });
          assert.ok(found.equals(bytes.subarray(first, range.last + 1)), `${JSON.stringify(range)} of ${size}`);
        }
      assert.deepEqual(await objects.used("ten_a"), { objects: 1, bytes: size });
      const some = bytes.subarray(-Math.min(16, size));
      const stored = [(await onDisk()).map((file) => readFileSync(file)), size === 0 ? [] : [Buffer.from((await kept("k")) ?? [])]].flat();
      assert.equal(
        stored.some((each) => size > 4 && each.includes(some)),
        false,
        `${size} bytes are on the disk as they came`,
      );
      assert.equal(
        stored.some((each) => each.length > 0),
        size > 0,
      );
    }
  });

test("damage of encrypted content is found where it is, and nothing of a damaged chunk is handed over", async (t) => {
  const { objects, onDisk } = await open(t);
  const bytes = new Random(seed).bytes(400_000);
  await putInto(objects, "k", bytes, { encrypt: byServer });
  const [file = ""] = await onDisk();
  const whole = readFileSync(file);
  const read = (first: number, last: number) => contentOf(objects, "k", { range: { first, last } });
  const damaged = { code: "state-damaged" };
  const changed = Buffer.from(whole);
  changed[65_552 * 2 + 100]! ^= 1;
  writeFileSync(file, changed);
  assert.ok((await read(0, 131_071)).equals(bytes.subarray(0, 131_072)));
  assert.ok((await read(196_608, 399_999)).equals(bytes.subarray(196_608)));
  await assert.rejects(read(131_072, 131_072), damaged);
  await assert.rejects(read(0, 399_999), damaged);
  const swapped = Buffer.concat([whole.subarray(65_552, 131_104), whole.subarray(0, 65_552), whole.subarray(131_104)]);
  writeFileSync(file, swapped);
  await assert.rejects(read(0, 0), damaged);
  writeFileSync(file, whole);
  for (const size of [65_552 * 3, 65_552 * 3 + 5, whole.length - 1, 0]) {
    truncateSync(file, size);
    await assert.rejects(read(0, 399_999), damaged, `${size} bytes are left`);
    writeFileSync(file, whole);
  }
  assert.ok((await read(0, 399_999)).equals(bytes));
});

test("without the customer's key, or with another one, nothing is read; what is known besides the content is", async (t) => {
  const { objects } = await open(t);
  for (const content of ["", "small", Buffer.alloc(100_000, 3)]) {
    await putInto(objects, "k", content, { encrypt: byCustomer });
    await assert.rejects(objects.read("b", "k"), { code: "object-key-needed" });
    await assert.rejects(contentOf(objects, "k", { customerKey: Buffer.alloc(32, 2) }), { code: "object-key-wrong" });
    const { about: found, size } = await objects.head("b", "k");
    assert.deepEqual([size, found.metadata, found.encryption?.by], [content.length, { color: "blue" }, "customer"]);
    assert.ok(!JSON.stringify(found).includes(customers.toString("base64")));
  }
  const stop = () => {
    throw new Error("who reads may not");
  };
  await assert.rejects(objects.read("b", "k", undefined, stop), /may not/);
  await objects.remove({ bucket: "b", key: "k" });
});

test("what another server's key has sealed is not read, and says why", async (t) => {
  const { objects, over } = await open(t);
  await putInto(objects, "k", Buffer.alloc(100_000, 3), { encrypt: byServer });
  await putInto(objects, "small", "x", { encrypt: byServer });
  const other = over(() => Buffer.alloc(32, 8));
  await assert.rejects(contentOf(other, "k"), { code: "secret-key-unusable" });
  await assert.rejects(contentOf(other, "small"), { code: "secret-key-unusable" });
  const none = over(() => {
    throw new Error("there is no key");
  });
  await assert.rejects(putInto(none, "new", Buffer.alloc(100_000), { encrypt: byServer }), /there is no key/);
  await putInto(none, "plain", "needs none");
  assert.equal((await contentOf(none, "plain")).toString(), "needs none");
});

test("it is known whether the server's key has sealed anything, and an older Mayfly does not open what it would hand over encrypted", async (t) => {
  const { objects, index, folder } = await open(t);
  const file = join(folder, "objects.db");
  const isSealed = () => {
    rmSync(file, { force: true });
    index.db.exec(`VACUUM INTO '${file}'`);
    return isSealedByServer(folder);
  };
  assert.equal(isSealedByServer(folder), false);
  await putInto(objects, "plain", '"key":"x"');
  await putInto(objects, '"key":"x"', Buffer.alloc(20_000), { encrypt: byCustomer });
  const of = (upload: string, encrypt: AskedEncryption) => ({ bucket: "b", key: "k", upload, number: 1, most: 1e9, encrypt });
  const customersUpload = await objects.startUpload("b", "k", { object: about, initiator: "x" }, byCustomer);
  await objects.putPart(of(customersUpload, byCustomer), pieces(Buffer.alloc(10)));
  assert.equal(isSealed(), false);
  const upload = await objects.startUpload("b", "k", { object: about, initiator: "x" }, byServer);
  await objects.putPart(of(upload, byServer), pieces(Buffer.alloc(10)));
  assert.equal(isSealed(), true);
  await objects.abortUpload("b", "k", upload);
  assert.equal(isSealed(), false);
  await putInto(objects, "server", "x", { encrypt: byServer });
  assert.equal(isSealed(), true);
  // The number of schemas of the last Mayfly that knew no encryption.
  const older = engine.migrations.slice(0, 4);
  using db = new DatabaseSync(file);
  assert.throws(() => migrate(db, file, older), { code: "state-newer" });
  writeFileSync(file, "damaged, and no database at all ".repeat(100));
  assert.throws(() => isSealedByServer(folder), { code: "state-damaged" });
});

test("a bucket says what is encrypted that nobody asks it for", async (t) => {
  const { objects } = await open(t);
  const isEncrypted = async (key: string) => (await objects.head("b", key)).about.encryption?.by;
  await putInto(objects, "before", "x");
  await objects.setBucket("b", { encryption: { algorithm: "AES256" } });
  const { encryption } = await putInto(objects, "after", "x");
  await putInto(objects, "customers", "x", { encrypt: byCustomer });
  await objects.copy({ object: await objects.read("b", "before") }, { bucket: "b", key: "copy", about });
  assert.deepEqual(encryption, { by: "server" });
  assert.deepEqual(await Promise.all(["before", "after", "customers", "copy"].map(isEncrypted)), [
    undefined,
    "server",
    "customer",
    "server",
  ]);
  assert.equal((await contentOf(objects, "copy")).toString(), "x");
});

test("a copy of what is encrypted has the same file under another key; what was not encrypted is written anew", async (t) => {
  const { objects, onDisk } = await open(t);
  const bytes = new Random(seed).bytes(150_000);
  const md5 = createHash("md5").update(bytes).digest("hex");
  const other: AskedEncryption = { by: "customer", key: Buffer.alloc(32, 2) };
  const copy = async (from: string, customerKey: Buffer | undefined, to: string, encrypt?: AskedEncryption) => {
    const object = await objects.read("b", from, undefined, () => customerKey);
    const stored = await objects.copy({ object }, { bucket: "b", key: to, about, encrypt, algorithm: "CRC32" });
    object.release();
    return stored;
  };
  await putInto(objects, "plain", bytes);
  assert.equal((await copy("plain", undefined, "server", byServer)).etag, md5);
  assert.equal((await onDisk()).length, 2);
  const stored = await copy("server", undefined, "customer", byCustomer);
  assert.notEqual(stored.etag, md5);
  await copy("customer", customers, "other", other);
  const back = await copy("other", other.key, "back");
  assert.deepEqual([back.etag, back.encryption, back.checksum], [md5, { by: "server" }, stored.checksum]);
  await copy("server", undefined, "same");
  await objects.remove({ bucket: "b", key: "plain" });
  assert.equal((await onDisk()).length, 1);
  for (const [key, customerKey] of [["server"], ["same"], ["back"], ["customer", customers], ["other", other.key]] as const)
    assert.ok((await contentOf(objects, key, customerKey && { customerKey })).equals(bytes), key);
  await assert.rejects(contentOf(objects, "other", { customerKey: customers }), { code: "object-key-wrong" });
  for (const key of ["server", "same", "back", "customer", "other"]) await objects.remove({ bucket: "b", key });
  assert.deepEqual(await onDisk(), []);
});

for (const encrypt of [byServer, byCustomer])
  test(`an upload in parts is encrypted by the ${encrypt.by}, also where parts are copies of what is not, or is by others`, async (t) => {
    const { objects } = await open(t);
    const random = new Random(seed);
    const [own, small, large] = [random.bytes(120_000), random.bytes(1_000), random.bytes(200_000)];
    await putInto(objects, "small", small);
    await putInto(objects, "large", large, { encrypt: { by: "customer", key: Buffer.alloc(32, 9) } });
    const upload = await objects.startUpload("b", "k", { object: about, initiator: "x" }, encrypt);
    assert.equal((await objects.upload("b", "k", upload)).about.object.encryption?.by, encrypt.by);
    const part = (number: number) => ({ bucket: "b", key: "k", upload, number, encrypt });
    const sources = [await objects.read("b", "small"), await objects.read("b", "large", undefined, () => Buffer.alloc(32, 9))] as const;
    const stored = [
      await objects.putPart({ ...part(1), most: 1e9 }, pieces(own)),
      await objects.copyPart({ object: sources[0], range: { first: 10, last: 19 } }, part(2)),
      await objects.copyPart({ object: sources[1], range: { first: 65_000, last: 140_000 } }, part(3)),
    ];
    for (const source of sources) source.release();
    const parts = stored.map(({ etag }, at) => ({ number: at + 1, etag }));
    await objects.completeUpload({ bucket: "b", key: "k", upload, parts, leastPart: 0 });
    const whole = Buffer.concat([own, small.subarray(10, 20), large.subarray(65_000, 140_001)]);
    const customerKey = encrypt.by === "customer" ? { customerKey: customers } : {};
    assert.ok((await contentOf(objects, "k", customerKey)).equals(whole));
    const range = { first: 119_000, last: 121_000 };
    assert.ok((await contentOf(objects, "k", { ...customerKey, range })).equals(whole.subarray(119_000, 121_001)));
    const { segments } = await objects.head("b", "k");
    assert.ok(segments.every(({ key }) => key !== undefined));
  });

test("a part that is a piece of a small object is that piece alone", async (t) => {
  const { objects } = await open(t);
  await putInto(objects, "small", "0123456789");
  const upload = await objects.startUpload("b", "k", { object: about, initiator: "x" });
  const object = await objects.read("b", "small");
  const { etag } = await objects.copyPart({ object, range: { first: 2, last: 4 } }, { bucket: "b", key: "k", upload, number: 1 });
  object.release();
  await objects.completeUpload({ bucket: "b", key: "k", upload, parts: [{ number: 1, etag }], leastPart: 0 });
  const read = await objects.read("b", "k");
  assert.equal(Buffer.from(read.found.bytes!).toString(), "234");
  read.release();
  assert.equal((await contentOf(objects, "k", { range: { first: 1, last: 1 } })).toString(), "3");
});

test("a sealed data key opens with its root key, for its content, and unchanged only; the check of a key knows it alone", () => {
  const [root, dataKey] = [newDataKey(), newDataKey()];
  const sealed = sealDataKey(root, "file", dataKey);
  assert.notEqual(sealed, sealDataKey(root, "file", dataKey));
  assert.deepEqual(openDataKey(root, "file", sealed), dataKey);
  assert.equal(openDataKey(root, "other", sealed), null);
  assert.equal(openDataKey(newDataKey(), "file", sealed), null);
  for (const wrong of ["", "AAAA", `A${sealed.slice(1)}`, `${sealed.slice(0, -2)}AA`, sealed.slice(4)])
    assert.equal(openDataKey(root, "file", wrong === sealed ? "" : wrong), null, wrong);
  const check = newKeyCheck(root);
  assert.deepEqual([isKeyOf(check, root), isKeyOf(check, dataKey), isKeyOf({ ...check, check: "" }, root)], [true, false, false]);
  assert.notDeepEqual(check, newKeyCheck(root));
});
