import assert from "node:assert/strict";
import { test } from "node:test";
import { directory, file, writeCpio } from "./cpio.ts";

interface Read {
  path: string;
  mode: number;
  inode: number;
  data: string;
}

/** A reader written from the format's description: it finds fields by position and shares no code with the writer. */
function readCpio(archive: Buffer): Read[] {
  const found: Read[] = [];
  for (let at = 0; ;) {
    assert.equal(archive.toString("latin1", at, at + 6), "070701", `magic at ${at}`);
    const field = (index: number) => Number.parseInt(archive.toString("latin1", at + 6 + index * 8, at + 14 + index * 8), 16);
    const [inode, mode, size, nameSize] = [field(0), field(1), field(6), field(11)];
    const path = archive.toString("utf8", at + 110, at + 110 + nameSize - 1);
    assert.equal(archive[at + 110 + nameSize - 1], 0, "the name ends in NUL");
    const start = align(at + 110 + nameSize);
    if (path === "TRAILER!!!") return found;
    found.push({ path, mode, inode, data: archive.toString("latin1", start, start + size) });
    at = align(start + size);
  }
}

function align(offset: number): number {
  return Math.ceil(offset / 4) * 4;
}

const entries = [directory("bin"), file("bin/a", Buffer.from("12345"), 0o755), file("empty", Buffer.alloc(0), 0o644)];

test("what is written reads back: paths, types, permissions, bytes", () => {
  assert.deepEqual(readCpio(writeCpio(entries)), [
    { path: "bin", mode: 0o040755, inode: 1, data: "" },
    { path: "bin/a", mode: 0o100755, inode: 2, data: "12345" },
    { path: "empty", mode: 0o100644, inode: 3, data: "" },
  ]);
});

test("names and data of every length stay aligned", () => {
  for (let length = 0; length < 9; length++) {
    const all = [file("x".repeat(length + 1), Buffer.alloc(length, "d"), 0o644), file("after", Buffer.from("end"), 0o644)];
    assert.deepEqual(
      readCpio(writeCpio(all)).map(({ path, data }) => [path, data]),
      [
        ["x".repeat(length + 1), "d".repeat(length)],
        ["after", "end"],
      ],
    );
  }
});

test("the same entries give the same bytes, in whole blocks of 512", () => {
  assert.ok(writeCpio(entries).equals(writeCpio(entries)));
  assert.equal(writeCpio(entries).length % 512, 0);
});
