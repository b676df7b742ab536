/** Compares the writer with the reader, and both with the format's own rules. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import * as fc from "fast-check";
import { type TreeEntry, treeOfFolder } from "../tree.ts";
import { BLOCK } from "./format.ts";
import { planRofs } from "./plan.ts";
import { type Rofs, extractRofs, openRofs } from "./read-rofs.ts";
import { writePlan, writeRofs } from "./write-rofs.ts";

const scratch = mkdtempSync(join(tmpdir(), "mayfly-rofs-"));
after(() => rmSync(scratch, { recursive: true }));
let count = 0;
const newPath = () => join(scratch, `disk-${++count}`);
const file = (path: string, content: Buffer | string = ""): TreeEntry => ({
  kind: "file",
  path,
  mode: 0o644,
  content: Buffer.from(content),
});
const folder = (path: string): TreeEntry => ({ kind: "folder", path, mode: 0o755 });
const symlink = (path: string, target: string): TreeEntry => ({ kind: "symlink", path, target });

async function written<T>(tree: TreeEntry[], use: (rofs: Rofs, disk: string) => Promise<T>): Promise<T> {
  const disk = newPath();
  const bytes = await writeRofs(tree, disk);
  assert.equal(statSync(disk).size, bytes);
  const rofs = await openRofs(disk);
  try {
    return await use(rofs, disk);
  } finally {
    await rofs.close();
    rmSync(disk);
  }
}

async function bytesOf(rofs: Rofs, path: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of rofs.read(path)) pieces.push(piece);
  return Buffer.concat(pieces);
}

const name = fc
  .oneof(
    fc.string({ minLength: 1, maxLength: 12 }),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }),
    fc.constant("x".repeat(255)),
  )
  .filter((text) => text.isWellFormed() && !/[/\0]/.test(text) && text !== "." && text !== ".." && Buffer.byteLength(text) <= 255);

type Model = Map<string, Model | Buffer | string>;
const { tree: model } = fc.letrec<{ tree: Model; node: Model | Buffer | string }>((tie) => ({
  tree: fc.array(fc.tuple(name, tie("node")), { maxLength: 6 }).map((pairs) => new Map(pairs)),
  node: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.uint8Array({ maxLength: 1_600 }).map((bytes) => Buffer.from(bytes)),
    fc.string({ minLength: 1, maxLength: 100 }).filter((text) => !text.includes("\0")),
    tie("tree"),
  ),
}));

function entriesOf(tree: Model, parent = ""): TreeEntry[] {
  return [...tree].flatMap(([name, node]) => {
    const path = `${parent}/${name}`;
    if (node instanceof Map) return [folder(path)].concat(entriesOf(node, path));
    return typeof node === "string" ? [symlink(path, node)] : [file(path, node)];
  });
}

test("any tree comes back as it was written: names, bytes, targets", async () => {
  await fc.assert(
    fc.asyncProperty(model, async (tree) => {
      const entries = entriesOf(tree);
      await written(entries, async (rofs) => {
        const paths = rofs.entries.map(({ path }) => path).toSorted();
        assert.deepEqual(paths, entries.map(({ path }) => path).toSorted());
        const found = new Map(rofs.entries.map((entry) => [entry.path, entry]));
        for (const entry of entries) {
          const there = found.get(entry.path)!;
          assert.equal(there.kind, entry.kind);
          if (entry.kind === "symlink" && there.kind === "symlink") assert.equal(there.target, entry.target);
          if (entry.kind === "file") assert.ok((entry.content as Buffer).equals(await bytesOf(rofs, entry.path)), entry.path);
        }
      });
    }),
    { numRuns: 150 },
  );
});

test("the order in which a tree is listed changes no byte", async () => {
  await fc.assert(
    fc.asyncProperty(
      model.chain((tree) =>
        fc.tuple(fc.constant(entriesOf(tree)), fc.shuffledSubarray(entriesOf(tree), { minLength: entriesOf(tree).length })),
      ),
      async ([entries, shuffled]) => {
        const hash = (tree: TreeEntry[]) => written(tree, async (_, disk) => createHash("sha256").update(readFileSync(disk)).digest("hex"));
        assert.equal(await hash(shuffled), await hash(entries));
      },
    ),
    { numRuns: 50 },
  );
});

test("a damaged file system is refused or read, and never more than that", async () => {
  const disk = newPath();
  await writeRofs([file("/a/b", "text"), symlink("/link", "a/b"), folder("/empty")], disk);
  const sound = readFileSync(disk);
  await fc.assert(
    fc.asyncProperty(fc.nat(sound.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const damaged = Buffer.from(sound);
      damaged[at]! ^= change;
      writeFileSync(disk, damaged);
      const opened = await openRofs(disk).catch((error: Error) => error.message);
      if (typeof opened === "string") return assert.match(opened, /^this is not a valid ROFS: /);
      for (const entry of opened.entries) if (entry.kind === "file") await bytesOf(opened, entry.path);
      await opened.close();
    }),
    { numRuns: 400 },
  );
});

test("a truncated file system is refused", async () => {
  const disk = newPath();
  const bytes = await writeRofs([file("/a", "text")], disk);
  for (const size of [0, 100, BLOCK, bytes - BLOCK, bytes - 1]) {
    truncateSync(disk, size);
    await assert.rejects(openRofs(disk), /not a valid ROFS/, `${size} bytes`);
    rmSync(disk);
    await writeRofs([file("/a", "text")], disk);
  }
});

test("the bytes of a small disk are the format's, field by field", async () => {
  await written([file("/b", "hello"), symlink("/a", "b"), folder("/c")], async (_, disk) => {
    const bytes = readFileSync(disk);
    const numbers = (at: number, n: number) => Array.from({ length: n }, (_, k) => Number(bytes.readBigUInt64LE(at + 8 * k)));
    assert.deepEqual(numbers(0, 8), [0xdeadbead, 1, 512, 2, 1, 3, 1, 4]);
    assert.equal(bytes.toString("latin1", 512, 517), "hello");
    // Three entries of 8 + 2 + 1 bytes, one target of 2 + 1 bytes, then the inodes.
    assert.deepEqual([...bytes.subarray(1024, 1035)], [2, 0, 0, 0, 0, 0, 0, 0, 1, 0, "a".charCodeAt(0)]);
    const inodes = 1024 + 33 + 3;
    assert.deepEqual(numbers(inodes, 4), [0x4000, 1, 0, 3]);
    assert.deepEqual(numbers(inodes + 32, 4), [0xa000, 2, 0, 1]);
    assert.deepEqual(numbers(inodes + 64, 4), [0x8000, 3, 1, 5]);
    assert.deepEqual(numbers(inodes + 96, 4), [0x4000, 4, 3, 0]);
    assert.equal(bytes.length, 3 * 512);
  });
});

test("an empty tree, a folder of thousands of entries and a tree of hundreds of levels come back unchanged", async () => {
  await written([], async (rofs) => assert.deepEqual(rofs.entries, []));
  const many = Array.from({ length: 5_000 }, (_, n) => file(`/many/file-${n}`, `${n}`));
  await written(many, async (rofs) => {
    assert.equal(rofs.entries.length, 5_001);
    assert.equal((await bytesOf(rofs, "/many/file-4999")).toString(), "4999");
  });
  const deep = `${"/d".repeat(500)}/end`;
  await written([file(deep, "deep")], async (rofs) => assert.equal((await bytesOf(rofs, deep)).toString(), "deep"));
});

test("what many inodes share counts for each: a link's target, a file's blocks", async () => {
  const links = Array.from({ length: 20_000 }, (_, n) => symlink(`/l${n}`, n === 0 ? "t".repeat(4_000) : "t"));
  await refusedWhereAllAre(0xa000, links, /targets of its links have over/);
  const files = Array.from({ length: 100 }, (_, n) => file(`/f${n}`, n === 0 ? Buffer.alloc(100_000, 1) : "f"));
  await refusedWhereAllAre(0x8000, files, /far more bytes than it has itself/);
});

/** Makes every inode of this mode refer to what the first one refers to. */
async function refusedWhereAllAre(mode: number, tree: TreeEntry[], why: RegExp): Promise<void> {
  const disk = newPath();
  await writeRofs(tree, disk);
  const bytes = readFileSync(disk);
  const first = bytes.lastIndexOf(rootInode(tree.length)) + 32;
  for (let n = 1; n < tree.length; n++) bytes.copy(bytes, first + n * 32 + 16, first + 16, first + 32);
  assert.equal(Number(bytes.readBigUInt64LE(first)), mode);
  writeFileSync(disk, bytes);
  await assert.rejects(openRofs(disk), why);
}

function rootInode(children: number): Buffer {
  const bytes = Buffer.alloc(32);
  [0x4000, 1, 0, children].forEach((field, at) => bytes.writeBigUInt64LE(BigInt(field), at * 8));
  return bytes;
}

test("parents that the list does not name are made, before or after", async () => {
  await written([file("/a/b/c"), folder("/a"), folder("/")], async (rofs) => {
    assert.deepEqual(
      rofs.entries.map(({ path }) => path),
      ["/a", "/a/b", "/a/b/c"],
    );
  });
});

const refusals: [string, TreeEntry[], RegExp][] = [
  ["a name of 256 bytes", [file(`/${"é".repeat(128)}`)], /256 bytes in it; 255/],
  ["a path twice", [file("/a"), symlink("/a", "b")], /"\/a": it is there twice/],
  ["a folder twice", [folder("/a"), folder("/a")], /twice/],
  ["a file for a root", [file("/")], /twice/],
  ["something below a file", [file("/a"), file("/a/b")], /below a, which is not a folder/],
  ["something below a symbolic link", [symlink("/a", "/b"), file("/a/b")], /not a folder/],
  ["a path that is not absolute", [file("a")], /begin with/],
  ["a path that climbs", [file("/a/../b")], /"\.\."/],
  ["an empty name", [file("/a//b")], /name ""/],
  ["a zero byte", [file("/a\0b")], /zero byte/],
  ["half a character", [file("/\ud800")], /not text/],
  ["an empty target", [symlink("/a", "")], /0 bytes/],
  ["a target that is too long", [symlink("/a", "x".repeat(4_096))], /4096 bytes/],
];

for (const [what, tree, why] of refusals) {
  test(`${what} is refused, and no disk is made`, async () => {
    const disk = newPath();
    await assert.rejects(
      writeRofs(tree, disk),
      (error: Error & { code: string }) => error.code === "image-build-failed" && why.test(error.message),
    );
    assert.throws(() => statSync(disk), { code: "ENOENT" });
  });
}

test("a file of over 4 GiB, and what follows it, are where the tables say", async () => {
  const size = 4 * 2 ** 30 + 1_000;
  const source = newPath();
  writeFileSync(source, "");
  truncateSync(source, size);
  const plan = await planRofs([{ kind: "file", path: "/big", mode: 0o644, content: { from: source } }, file("/next", "what follows")]);
  // The large file is all zero, as a hole; copying it would only take time.
  const files = plan.files.filter(({ size }) => size < 100);
  const disk = newPath();
  await using out = await open(disk, "wx");
  await writePlan({ ...plan, files }, out, 0);
  const rofs = await openRofs(disk);
  assert.deepEqual(rofs.entries[0], { kind: "file", path: "/big", size });
  assert.equal((await bytesOf(rofs, "/next")).toString(), "what follows");
  assert.equal(rofs.bytes, statSync(disk).size);
  assert.ok(rofs.bytes > size);
  await rofs.close();
});

test("a file of the host that takes many pieces comes back whole, and what is zero in it takes no room", async () => {
  const source = newPath();
  const content = Buffer.concat([randomBytes(1_500_000), Buffer.alloc(8_000_000), randomBytes(700_001)]);
  writeFileSync(source, content);
  await written([{ kind: "file", path: "/f", mode: 0o644, content: { from: source } }], async (rofs, disk) => {
    assert.ok(content.equals(await bytesOf(rofs, "/f")));
    assert.ok(statSync(disk).blocks * 512 < 6_000_000);
  });
});

test("a file that changes while it is copied fails the build", async () => {
  // The file reports a size of 0, but has content.
  const tree: TreeEntry[] = [{ kind: "file", path: "/a", mode: 0o644, content: { from: "/proc/self/cmdline" } }];
  await assert.rejects(writeRofs(tree, newPath()), /changed while it was copied/);
});

test("a folder of the host is packed and unpacked as it was", async () => {
  const from = mkdtempSync(join(scratch, "from-"));
  writeFileSync(join(from, "a"), "text");
  mkdirSync(join(from, "empty"));
  symlinkSync("a", join(from, "link"));
  const into = newPath();
  await written(await treeOfFolder(from), (rofs) => extractRofs(rofs, into));
  assert.equal(readFileSync(join(into, "a"), "utf8"), "text");
  assert.equal(readlinkSync(join(into, "link")), "a");
  assert.ok(statSync(join(into, "empty")).isDirectory());
});
