/** Compares the reader with mkfs.erofs, and tests it on modified file systems. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync, linkSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { Random, seedOf } from "../../base/testing/random.ts";
import { readPieces } from "../read-pieces.ts";
import { UnsoundErofs } from "./format.ts";
import { type ErofsEntry, readErofs } from "./read-erofs.ts";
import { entryAt, inodeAt, packed, packedFolder, renamed } from "./testing/edit-erofs.ts";

const scratch = mkdtempSync(join(tmpdir(), "mayfly-erofs-"));
after(() => rmSync(scratch, { recursive: true }));
const file = join(scratch, "root.erofs");

function read(bytes: Buffer): ErofsEntry[] {
  writeFileSync(file, bytes);
  return readErofs(file);
}

async function contentOf(entry: ErofsEntry): Promise<Buffer> {
  assert.ok(entry.kind === "file");
  await using handle = await open(entry.content.from);
  const pieces: Buffer[] = [];
  for await (const piece of readPieces(handle, entry.content.pieces)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** How many bytes of a file are read at once. */
const STRIDE = 64 << 10;
const seed = seedOf();
test(`what mkfs.erofs packs is read back unchanged: folders of thousands, files of every length (seed ${seed})`, async () => {
  const random = new Random(seed);
  const lengths = [0, 1, 31, 4_095, 4_096, 4_097, 8_192, 70_000, ...Array.from({ length: 40 }, () => random.below(20_000))];
  const files = Object.fromEntries(lengths.map((length, n) => [`${"d/".repeat(n % 5)}f${n}-ü`, random.bytes(length)]));
  const many = Object.fromEntries(Array.from({ length: 3_000 }, (_, n) => [`many/+file-${n}`, `${n}`]));
  const found = new Map(
    read(await packed(scratch, { ...files, ...many, "empty/": "", "d/long": "x".repeat(1 << 20) })).map((entry) => [entry.path, entry]),
  );
  for (const [path, content] of Object.entries(files)) assert.ok((await contentOf(found.get(`/${path}`)!)).equals(content), path);
  for (const n of [0, 1_234, 2_999]) assert.equal((await contentOf(found.get(`/many/+file-${n}`)!)).toString(), `${n}`);
  assert.equal(found.get("/empty")!.kind, "folder");
  assert.equal(found.size, lengths.length + 3_000 + 7);
});

test("symbolic links, hard links and modes are read; setuid is not among the modes", async () => {
  const tree = join(scratch, "linked");
  mkdirSync(tree);
  writeFileSync(join(tree, "program"), "x", { mode: 0o755 });
  linkSync(join(tree, "program"), join(tree, "twin"));
  symlinkSync("../../etc/passwd", join(tree, "link"));
  const bytes = await packedFolder(tree, file);
  const at = inodeAt(bytes, "program") + 4;
  bytes.writeUInt16LE(bytes.readUInt16LE(at) | 0o6000, at);
  const found = new Map(read(bytes).map((entry) => [entry.path, entry]));
  assert.deepEqual(found.get("/link"), { kind: "symlink", path: "/link", target: "../../etc/passwd" });
  for (const path of ["/program", "/twin"]) {
    const entry = found.get(path)!;
    assert.ok(entry.kind === "file" && entry.mode === 0o755 && entry.size === 1);
  }
});

const long = "X".repeat(40);
const climbing = "../../../../../../../../../../etc/cron.d/x".slice(-40);
const hostile: [string, (bytes: Buffer) => Buffer | void, RegExp][] = [
  ["a name that climbs", (bytes) => renamed(bytes, long, climbing), /has an entry named/],
  ["an absolute name", (bytes) => renamed(bytes, long, `/${"e".repeat(39)}`), /has an entry named "\/e/],
  ["a name with a slash at its end", (bytes) => renamed(bytes, "two", "tw/"), /named "tw\/"/],
  ["a second ..", (bytes) => renamed(bytes, "b1", ".."), /twice|out of order/],
  ["a first ..", (bytes) => renamed(bytes, "++", ".."), /".." that leads elsewhere/],
  ["a name with a zero byte", (bytes) => renamed(bytes, "b1", "b\0"), /has an entry named "b\\u0000"/],
  [
    "an empty name",
    (bytes) => void bytes.copy(bytes, entryAt(bytes, "big") + 8, entryAt(bytes, "b2") + 8, entryAt(bytes, "b2") + 10),
    /twice, or out of order/,
  ],
  ["a name that is there twice", (bytes) => renamed(bytes, "b2", "b1"), /twice/],
  ["names out of order", (bytes) => renamed(bytes, "b1", "zz"), /out of order/],
  ["a name that is no UTF-8", (bytes) => renamed(bytes, "two", "tw\xff"), /no UTF-8/],
  ["a device", (bytes) => void bytes.writeUInt16LE(0o060644, inodeAt(bytes, "two") + 4), /\/two is not a folder, file or symbolic link/],
  ["a pipe", (bytes) => void bytes.writeUInt16LE(0o010644, inodeAt(bytes, "two") + 4), /not a folder, file or symbolic link/],
  [
    "a file that its folder calls a link",
    (bytes) => void bytes.writeUInt8(7, entryAt(bytes, "two") + 10),
    /something else than its folder says/,
  ],
  [
    "a folder in itself",
    (bytes) => void bytes.writeBigUInt64LE(BigInt(bytes.readUInt16LE(1_024 + 14)), entryAt(bytes, "sub")),
    /lies elsewhere, too/,
  ],
  ["an inode beyond the end", (bytes) => void bytes.writeBigUInt64LE(0xffff_ff00n, entryAt(bytes, "two")), /beyond its end/],
  ["data beyond the end", (bytes) => void bytes.writeUInt32LE(0x00ff_ffff, inodeAt(bytes, "big") + 16), /\/big lies beyond its end/],
  [
    "a file larger than all",
    (bytes) => void bytes.writeUInt32LE(0x7fff_ffff, inodeAt(bytes, "big") + 8),
    /\/big lies beyond its end|crosses/,
  ],
  [
    "compressed data",
    (bytes) => void bytes.writeUInt16LE(bytes.readUInt16LE(inodeAt(bytes, "big")) | (3 << 1), inodeAt(bytes, "big")),
    /stored in a way/,
  ],
  ["extended attributes", (bytes) => void bytes.writeUInt16LE(1, inodeAt(bytes, "two") + 2), /\/two has extended attributes/],
  ["a feature of later kernels", (bytes) => void bytes.writeUInt32LE(0x80, 1_024 + 80), /features that images do not have/],
  ["another magic number", (bytes) => void bytes.writeUInt32LE(1, 1_024), /magic/],
  ["fewer bytes than it says", (bytes) => bytes.subarray(0, bytes.length - 4_096), /cut short/],
  ["no superblock", (bytes) => bytes.subarray(0, 1_100), /beyond its end/],
  ["nothing at all", () => Buffer.alloc(0), /beyond its end/],
];

for (const [what, change, complaint] of hostile) {
  test(`${what} is refused`, async () => {
    const bytes = await packed(scratch, { [long]: "evil", "++": "", b1: "", b2: "", two: "2", big: "x".repeat(9_000), "sub/y": "y" });
    const changed = change(bytes) ?? bytes;
    assert.throws(
      () => read(changed),
      (error: Error) => error instanceof UnsoundErofs && complaint.test(error.message),
    );
  });
}

test("file systems of mkfs.erofs that images do not use are refused: compressed, in chunks", async () => {
  await packed(scratch, { a: "x".repeat(100_000) });
  for (const option of ["-zlz4", "--chunksize=4096"]) {
    rmSync(file, { force: true });
    execFileSync("mkfs.erofs", ["--quiet", option, file, join(scratch, "tree")]);
    assert.throws(() => readErofs(file), /features|stored in a way/, option);
  }
});

test("folders that lie too deep are refused, and so are files that share their bytes to be more than there is room for", async () => {
  await assert.rejects(async () => read(await packed(scratch, { [`${"d/".repeat(130)}x`]: "" })), /129 deep/);
  const names = Array.from({ length: 30 }, (_, n) => `f${String(n).padStart(2, "0")}`);
  const bytes = await packed(scratch, Object.fromEntries(names.map((name, n) => [name, Buffer.alloc(n === 0 ? 100_000 : 10, n + 1)])));
  // All names lead to the first one's inode.
  for (const name of names) bytes.copy(bytes, entryAt(bytes, name), entryAt(bytes, "f00"), entryAt(bytes, "f00") + 8);
  assert.throws(() => read(bytes), /far more bytes than it has itself/);
});

test("what one inode holds counts as often as it has names: a link's target, and what a folder takes to be read", async () => {
  const names = Array.from({ length: 20_000 }, (_, n) => `l${String(n).padStart(5, "0")}`);
  const tree = join(scratch, "links");
  mkdirSync(tree);
  symlinkSync("t".repeat(4_000), join(tree, names[0]!));
  for (const name of names.slice(1)) linkSync(join(tree, names[0]!), join(tree, name));
  const bytes = await packedFolder(tree, file);
  assert.ok(bytes.length < 1 << 20, `it has ${bytes.length} bytes itself`);
  assert.throws(() => read(bytes), /targets of its links have over/);
});

test("inodes that are strewn over a large file system are refused, before it is read many times over", async () => {
  const names = Array.from({ length: 2_500 }, (_, n) => `f${String(n).padStart(4, "0")}`);
  const paths = names.map((name, n) => `folder-${n % 25}/${name}`);
  const all = await packed(scratch, Object.fromEntries([...paths, "copy"].map((path) => [path, ""])));
  const bytes = Buffer.concat([all, Buffer.alloc(101 * STRIDE)]);
  const metadataAt = bytes.readUInt32LE(1_024 + 40) * 4_096;
  const inode = Buffer.from(bytes.subarray(inodeAt(bytes, "copy"), inodeAt(bytes, "copy") + 64));
  names.forEach((name, n) => {
    const at = all.length + (Math.floor(n / 25) % 100) * STRIDE;
    inode.copy(bytes, at);
    bytes.writeBigUInt64LE(BigInt((at - metadataAt) / 32), entryAt(bytes, name));
  });
  assert.throws(() => read(bytes), /strewn/);
});

test(`a file system with changed bytes is refused or read, and never more than that (seed ${seed})`, async () => {
  const random = new Random(seed);
  const sound = await packed(scratch, { a: "1", "b/c/d": Buffer.alloc(5_000), "b/e": "y", "z/": "" });
  // The offsets of folders and inodes.
  const used = [...sound.keys()].filter((at) => sound[at] !== 0);
  let refused = 0;
  for (let run = 0; run < 1_500; run++) {
    const bytes = Buffer.from(sound);
    for (let n = 1 + random.below(4); n > 0; n--) {
      const at = random.chance(0.8) ? random.pick(used) : random.below(bytes.length);
      bytes[at] = random.below(256);
    }
    try {
      for (const { path } of read(bytes)) assertInside(path);
    } catch (error) {
      assert.ok(error instanceof UnsoundErofs, String(error));
      refused++;
    }
  }
  assert.ok(refused > 300, `only ${refused} were refused`);
});

function assertInside(path: string): void {
  assert.ok(path.startsWith("/") && join("/root", path) === `/root${path}` && !path.includes("\0") && dirname(path) !== path, path);
}
