/** Large files of a real catalog in a folder of its own. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { mainTenant } from "../../base/ids/new-id.ts";
import { afterwards } from "../../base/testing/afterwards.ts";
import { Random, seedOf } from "../../base/testing/random.ts";
import { readErofs } from "../../images/erofs/read-erofs.ts";
import { filesBundle, filesHead } from "../catalog/app-files.ts";
import type { CatalogOptions } from "../catalog/sqlite.ts";
import { bundlesOf, CatalogInFolder, codeOf, manifestOf } from "../catalog/testing/open-catalog.ts";
import type { Revision } from "../catalog/catalog.ts";
import { type LargeDraft, MOST_BYTES } from "./large-files.ts";

const seed = seedOf();

interface Content {
  path: string;
  content: Buffer;
  executable: boolean;
}

function contents(random: Random, largest = 700_000): Content[] {
  const lengths = [largest, 0, 1, 4_095, 4_096, 4_097, ...Array.from({ length: 20 }, () => random.below(20_000))];
  return lengths.map((length, n) => ({ path: `${"d/".repeat(n % 3)}f${n}`, content: random.bytes(length), executable: n % 4 === 0 }));
}

class Files extends CatalogInFolder {
  readonly folder = join(this.dir, "files");

  constructor(t: TestContext, options: CatalogOptions = {}) {
    super();
    this.reopen(options);
    afterwards(t, () => this.close());
  }

  async draftOf(files: Content[], random = new Random(seed)): Promise<LargeDraft> {
    const received = await this.receive(Buffer.from(filesBundle(files).code), random);
    assert.ok("draft" in received);
    return received.draft;
  }

  /** In chunks of many lengths. */
  async receive(bytes: Buffer, random = new Random(seed)) {
    const incoming = this.catalog.receiveFiles("one");
    try {
      for (let at = 0; at < bytes.length;) {
        const length = 1 + random.below(random.below(3) === 0 ? 9 : 100_000);
        await incoming.push(bytes.subarray(at, at + length));
        at += length;
      }
      return await incoming.end();
    } catch (error) {
      await incoming.discard();
      throw error;
    }
  }

  async deployLarge(name: string, files: Content[]): Promise<Revision> {
    const draft = await this.draftOf(files);
    try {
      return (await this.catalog.deploy(mainTenant, manifestOf(name), codeOf("code"), undefined, draft)).revision;
    } finally {
      await draft.discard();
    }
  }

  names(): string[] {
    return existsSync(this.folder) ? readdirSync(this.folder) : [];
  }

  async path(revision: Revision, form: "image" | "folder"): Promise<string> {
    return this.catalog.code(revision.id).files!.large!.path(form);
  }
}

function assertFolder(folder: string, files: Content[]): void {
  for (const { path, content, executable } of files) {
    assert.ok(readFileSync(join(folder, path)).equals(content), path);
    assert.equal(statSync(join(folder, path)).mode & 0o777, executable ? 0o755 : 0o644, path);
  }
}

/** What is at the beginning of an image; all that follows are zeros. */
function beginOf(image: string): Buffer {
  const bytes = Buffer.alloc(4_194_304);
  const fd = openSync(image, "r");
  readSync(fd, bytes);
  closeSync(fd);
  return bytes;
}

function assertImage(image: string, files: Content[]): void {
  const bytes = beginOf(image);
  const found = new Map(readErofs(image).map((entry) => [entry.path, entry]));
  for (const { path, content, executable } of files) {
    const entry = found.get(`/${path}`);
    assert.ok(entry?.kind === "file", path);
    assert.ok(Buffer.concat(entry.content.pieces.map((piece) => bytes.subarray(piece.at, piece.at + piece.bytes))).equals(content), path);
    assert.equal(entry.mode, executable ? 0o755 : 0o644, path);
  }
}

test(`large files are written in the form that machines read, and become the other one when it is asked for (seed ${seed})`, async (t) => {
  const files = contents(new Random(seed));
  for (const form of ["image", "folder"] as const) {
    const store = new Files(t, { filesForm: () => form });
    const revision = await store.deployLarge("shop", files);
    const [name] = store.names();
    assert.deepEqual(readdirSync(join(store.folder, name!)).toSorted(), [form, "list"].toSorted());
    const check = { image: assertImage, folder: assertFolder };
    check[form](await store.path(revision, form), files);
    const other = form === "image" ? "folder" : "image";
    const [made, again] = await Promise.all([store.path(revision, other), store.path(revision, other)]);
    assert.equal(made, again);
    check[other](made, files);
    await store.catalog.settled();
    assert.deepEqual(readdirSync(join(store.folder, name!)).toSorted(), [other, "list"].toSorted());
    // As a machine gets them that cannot read them where they lie.
    const { functions, files: lengths, parts } = store.catalog.code(revision.id);
    const pieces: Uint8Array[] = [];
    for await (const part of parts()) pieces.push(Buffer.from(part));
    const bundle = filesBundle(files).code;
    assert.ok(Buffer.concat(pieces).equals(Buffer.concat([bundle.subarray(4), Buffer.from("code")])));
    assert.deepEqual([functions.length, lengths!.list + lengths!.bytes + 4], [1, bundle.byteLength]);
  }
});

test("small files stay in memory, and what is no bundle of files leaves nothing", async (t) => {
  const store = new Files(t);
  const small = Buffer.from(filesBundle([{ path: "a", content: Buffer.from("x"), executable: false }]).code);
  const received = await store.receive(small);
  assert.ok("bundle" in received && small.equals(received.bundle));
  const large = Buffer.from(filesBundle(contents(new Random(seed))).code);
  for (const [bytes, expected] of [
    [large.subarray(0, 3), /its list is cut off/],
    [large.subarray(0, 200), /its list is cut off/],
    [large.subarray(0, large.length - 1), /lack 1 bytes/],
    [Buffer.concat([large, Buffer.from("x")]), /more bytes than its list says/],
    [Buffer.concat([small, Buffer.from("x")]), /more bytes than its list says/],
    [Buffer.from([255, 255, 255, 255, 0]), /8388608 are possible/],
  ] as const)
    await assert.rejects(store.receive(bytes), { code: "bad-request", message: expected });
  const huge = Buffer.from(JSON.stringify([["a", 2 ** 30 + 1, false]]));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(huge.length);
  await assert.rejects(store.receive(Buffer.concat([length, huge])), { code: "code-too-large" });
  await store.catalog.settled();
  assert.deepEqual(store.names(), []);
});

test("uploads in progress together may promise the files of four, and make room as they end", async (t) => {
  const files = new Files(t);
  const head = filesHead([["model", MOST_BYTES, false]]);
  const begun = async (holder = "one") => {
    const incoming = files.catalog.receiveFiles(holder);
    await incoming.push(head);
    return incoming;
  };
  const three = [await begun(), await begun(), await begun()];
  await assert.rejects(begun(), { code: "too-many-uploads" }, "one tenant does not get all");
  const four = [...three, await begun("other")];
  await assert.rejects(begun(), { code: "too-many-uploads" });
  const [first, second, ...others] = four;
  await first!.discard();
  // A second time, it has nothing to give back.
  await first!.discard();
  const another = await begun();
  await assert.rejects(begun(), { code: "too-many-uploads" });
  await second!.discard();
  const draft = await files.draftOf(contents(new Random(seed)));
  await draft.keep();
  const last = await begun();
  for (const each of [another, last, ...others]) await each.discard();
});

test(`an upload that is given up while its files are being written leaves nothing, and gives back what it promised (seed ${seed})`, async (t) => {
  const bundle = Buffer.from(filesBundle(contents(new Random(seed))).code);
  const listEnd = 4 + bundle.readUInt32LE(0);
  for (const form of ["image", "folder"] as const) {
    const store = new Files(t, { filesForm: () => form });
    // Together they promise more than all in progress may.
    for (let n = 0; n < 5; n++) {
      const incoming = store.catalog.receiveFiles("one");
      const pushing = incoming.push(filesHead([["model", MOST_BYTES, false]]));
      await incoming.discard();
      assert.equal(await pushing, 0);
    }
    const incoming = store.catalog.receiveFiles("one");
    await incoming.push(bundle.subarray(0, listEnd));
    const pushing = incoming.push(bundle.subarray(listEnd));
    await incoming.discard();
    await pushing;
    await assert.rejects(incoming.push(bundle), { code: "bad-request", message: /given up/ });
    await store.catalog.settled();
    assert.deepEqual(store.names(), [], form);
  }
});

test("uploads of the same files that end at the same time are stored once", async (t) => {
  const store = new Files(t);
  const files = contents(new Random(seed));
  const [first, second] = [await store.draftOf(files), await store.draftOf(files)];
  await Promise.all([first.keep(), second.keep()]);
  await store.catalog.settled();
  assert.deepEqual(store.names(), [first.digest]);
});

test("files whose row cannot be stored do not stay", async (t) => {
  const store = new Files(t);
  store.damage("CREATE TRIGGER full BEFORE INSERT ON code BEGIN SELECT RAISE(FAIL, 'no row fits'); END");
  await assert.rejects(store.deployLarge("shop", contents(new Random(seed))), /no row fits/);
  store.damage("DROP TRIGGER full");
  await store.catalog.settled();
  assert.deepEqual(store.names(), []);
});

test("the same files are stored once for all apps, and gone with the last revision that has them, once no machine reads them", async (t) => {
  const store = new Files(t);
  const files = contents(new Random(seed));
  const first = await store.deployLarge("shop", files);
  const second = await store.deployLarge("other", files);
  assert.equal((await store.deployLarge("shop", files)).id, first.id);
  await store.catalog.settled();
  assert.equal(store.names().length, 1);
  const release = store.catalog.code(second.id).files!.large!.keep();
  const path = await store.path(second, "image");
  store.catalog.remove(first.app);
  store.catalog.remove(second.app);
  await store.catalog.settled();
  assert.ok(existsSync(path), "a machine still reads it");
  release();
  await store.catalog.settled();
  assert.deepEqual([store.names(), store.count("code")], [[], 0]);
});

test("files count in the quota of their app, and nothing stays of those that do not fit", async (t) => {
  const store = new Files(t, { quota: { perApp: 2_000_000, inAll: Infinity } });
  const random = new Random(seed);
  const first = await store.deployLarge("shop", contents(random));
  await assert.rejects(store.deployLarge("shop", contents(random, 2_500_000)), { code: "no-room", message: /maxAppCodeMb|2 are allowed/ });
  await store.catalog.settled();
  assert.equal(store.names().length, 1);
  assert.equal(store.live("shop")!.id, first.id);
});

test("damage is noticed where files are read here, and put right by the next deploy", async (t) => {
  const store = new Files(t);
  const files = contents(new Random(seed));
  const revision = await store.deployLarge("shop", files);
  const image = await store.path(revision, "image");
  const at = beginOf(image).indexOf(files[0]!.content);
  const fd = openSync(image, "r+");
  writeSync(fd, Buffer.from([files[0]!.content[0]! ^ 1]), 0, 1, at);
  closeSync(fd);
  await assert.rejects(bundlesOf(store.catalog, revision.id), { code: "state-damaged" });
  assert.equal((await store.deployLarge("shop", files)).id, revision.id);
  assertImage(await store.path(revision, "image"), files);
  await store.catalog.settled();
  truncateSync(join(store.folder, store.names()[0]!, "list"), 0);
  await assert.rejects(bundlesOf(store.catalog, revision.id), { code: "state-damaged" });
  await store.deployLarge("shop", files);
  await bundlesOf(store.catalog, revision.id);
});

test("what a killed server has left is removed at the next start, and what revisions name stays", async (t) => {
  const store = new Files(t);
  const revision = await store.deployLarge("shop", contents(new Random(seed)));
  for (const left of ["draft-0123", "gone-0123", `large-${"0".repeat(64)}`]) {
    mkdirSync(join(store.folder, left, "folder/a"), { recursive: true });
    writeFileSync(join(store.folder, left, "folder/a/b"), "left");
  }
  store.reopen();
  await store.catalog.settled();
  assert.equal(store.names().length, 1);
  await bundlesOf(store.catalog, revision.id);
});

test("of files that a killed server has left in both forms, the one that was made last stays", async (t) => {
  const store = new Files(t);
  const files = contents(new Random(seed));
  const revision = await store.deployLarge("shop", files);
  const image = await store.path(revision, "image");
  const kept = join(store.dir, "kept");
  linkSync(image, kept);
  const folder = await store.path(revision, "folder");
  await store.catalog.settled();
  for (const last of ["folder", "image"] as const) {
    const [older, newer] = last === "folder" ? [image, folder] : [folder, image];
    if (last === "image") {
      await store.path(revision, "image");
      await store.catalog.settled();
      mkdirSync(folder);
    } else renameSync(kept, image);
    // The kernel's clock for files ticks some hundred times a second.
    do {
      renameSync(newer, `${newer}-x`);
      renameSync(`${newer}-x`, newer);
    } while (statSync(newer).ctimeMs <= statSync(older).ctimeMs);
    store.reopen();
    await store.catalog.settled();
    assert.deepEqual(readdirSync(join(store.folder, store.names()[0]!)).toSorted(), [last, "list"].toSorted());
    assert.equal(store.names().length, 1);
  }
  assertImage(await store.path(revision, "image"), files);
});

test("on a server whose state goes with it, files that are there already are linked, but not those that were written to since", async (t) => {
  const store = new Files(t, { durability: "normal", filesForm: () => "folder" });
  const file = (path: string, text: string, executable = false) => ({ path, content: Buffer.from(text.repeat(50_000)), executable });
  const before = [file("a", "app"), file("lib/b", "bee"), file("lib/c", "sea"), file("lib/d", "dee"), file("none", "")];
  // As a deploy in the server's process hands them over, many at a time.
  const deployed = async (name: string, files: Content[]) => {
    const incoming = store.catalog.receiveFiles("one", name);
    await incoming.push(Buffer.from(filesBundle(files).code));
    const received = await incoming.end();
    assert.ok("draft" in received);
    return (await store.catalog.deploy(mainTenant, manifestOf(name), codeOf("code"), undefined, received.draft)).revision;
  };
  const first = await store.path(await deployed("shop", before), "folder");
  writeFileSync(join(first, "lib/c"), "changed by a function");
  const after = [
    file("a", "new"),
    file("lib/b", "bee"),
    file("lib/c", "sea"),
    file("lib/d", "dee", true),
    file("lib/nothing", ""),
    file("moved/b", "bee"),
    file("none", ""),
  ];
  const second = await store.path(await deployed("shop", after), "folder");
  assertFolder(second, after);
  const isLinked = (path: string) => statSync(join(first, path)).ino === statSync(join(second, path)).ino;
  assert.deepEqual([isLinked("a"), isLinked("lib/b"), isLinked("lib/c"), isLinked("lib/d")], [false, true, false, false]);
  // Files of one content do not become one file, neither within an app nor of two: what a machine of the driver process writes to one would be in the others.
  const others = await store.path(await deployed("shop2", [...after, file("own", "own")]), "folder");
  writeFileSync(join(second, "lib/b"), "changed by a function");
  writeFileSync(join(second, "none"), "changed by a function");
  for (const path of ["moved/b", "lib/nothing"])
    assertFolder(
      second,
      after.filter((each) => each.path === path),
    );
  assertFolder(others, after);
  store.catalog.remove(store.catalog.app(mainTenant, "shop2")!.id);
  store.catalog.remove((await deployed("shop", before)).app);
  await store.catalog.settled();
  assert.deepEqual(store.names(), []);
  // What is not there any more is written.
  assertFolder(await store.path(await deployed("other", after), "folder"), after);
});

test(`kill -9 at any moment of an upload leaves whole revisions and nothing else (seed ${seed})`, async (t) => {
  const store = new Files(t);
  store.catalog.close();
  const random = new Random(seed);
  const child = fileURLToPath(new URL("testing/large-storm-child.ts", import.meta.url));
  for (let round = 0; round < 8; round++) {
    const process_ = spawn(process.execPath, [child, store.dir], { stdio: ["ignore", "pipe", "inherit"] });
    await once(createInterface(process_.stdout), "line");
    await sleep(random.below(400));
    process_.kill("SIGKILL");
    await once(process_, "close");
    store.catalog = store.open();
    await store.catalog.settled();
    const revisions = store.catalog.app(mainTenant, "storm")?.revisions ?? [];
    for (const { id } of revisions) await bundlesOf(store.catalog, id);
    assert.equal(store.names().length, revisions.length, store.names().join());
    for (const name of store.names()) assert.equal(readdirSync(join(store.folder, name)).length, 2, name);
    store.catalog.close();
  }
  store.catalog = store.open();
  assert.equal(store.catalog.app(mainTenant, "storm")?.revisions.length, 3);
});

test("an upload that fills the disk is refused, and its space is free again", () => {
  const child = fileURLToPath(new URL("testing/large-full-disk-child.ts", import.meta.url));
  const script = 'dir=$(mktemp -d) && mount -t tmpfs -o size=48m none "$dir" && exec "$0" "$1" "$dir"';
  const into = ["--mount", "--propagation", "private", "sh", "-c", script, process.execPath, child];
  const told = JSON.parse(execFileSync("unshare", into, { encoding: "utf8", timeout: 120_000 })) as Record<string, unknown>;
  const full = "disk-full No space is left for files";
  assert.deepEqual(told, { image: { why: full, freed: true }, folder: { why: full, freed: true }, fits: true });
});
