/** Reads what is planned with the reader, and has erofs' own checker look at it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Random, seedOf } from "../../base/testing/random.ts";
import { type PlannedFile, planErofs } from "./plan-erofs.ts";
import { readErofs } from "./read-erofs.ts";

const scratch = mkdtempSync(join(tmpdir(), "mayfly-plan-"));
after(() => rmSync(scratch, { recursive: true }));

function written(files: (PlannedFile & { content: Buffer })[]): string {
  const { head, places, size } = planErofs(files);
  const whole = Buffer.alloc(size);
  head.copy(whole);
  for (const [at, { content }] of files.entries()) content.copy(whole, places[at]);
  const file = join(scratch, "files.erofs");
  writeFileSync(file, whole);
  return file;
}

const seed = seedOf();
test(`files of every length, in folders of thousands and deep ones, are read back unchanged (seed ${seed})`, async () => {
  const random = new Random(seed);
  const lengths = [0, 1, 4_095, 4_096, 4_097, 70_000, ...Array.from({ length: 30 }, () => random.below(20_000))];
  const named = lengths.map((length, n) => ({ path: `${"d/".repeat(n % 5)}f${n}-ü`, content: random.bytes(length) }));
  const many = Array.from({ length: 3_000 }, (_, n) => ({ path: `many/+file-${n}`, content: Buffer.from(`${n}`) }));
  const odd = ["-before the dots", "zz/x", "!"].map((path) => ({ path, content: Buffer.from(path) }));
  const files = [...named, ...many, ...odd].map(({ path, content }, n) => ({
    path,
    content,
    bytes: content.length,
    executable: n % 2 === 0,
  }));
  const file = written(files);
  const bytes = await readFile(file);
  const found = new Map(readErofs(file).map((entry) => [entry.path, entry]));
  for (const { path, content, executable } of files) {
    const entry = found.get(`/${path}`);
    assert.ok(entry?.kind === "file", path);
    assert.equal(entry.mode, executable ? 0o755 : 0o644);
    const pieces = entry.content.pieces.map((piece) => bytes.subarray(piece.at, piece.at + piece.bytes));
    assert.ok(Buffer.concat(pieces).equals(content), path);
  }
  assert.equal([...found.values()].filter(({ kind }) => kind === "file").length, files.length);
  assert.deepEqual([...found.values()].flatMap(({ kind, path }) => (kind === "folder" ? [path] : [])).toSorted(), [
    "/d",
    "/d/d",
    "/d/d/d",
    "/d/d/d/d",
    "/many",
    "/zz",
  ]);
  execFileSync("fsck.erofs", [file], { encoding: "utf8" });
});

test("a file system without files is a root folder", () => {
  const file = written([]);
  assert.deepEqual(readErofs(file), []);
  assert.equal(statSync(file).size % 4_096, 0);
});
