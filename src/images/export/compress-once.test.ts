import assert from "node:assert/strict";
import { chmodSync, globSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { zstdDecompressSync } from "node:zlib";
import { afterwards } from "../../base/testing/afterwards.ts";
import { Random, seedOf } from "../../base/testing/random.ts";
import { compressOnce } from "./compress-once.ts";

test("what was compressed is kept, and made anew where it is damaged, or is something else", async (t) => {
  const seed = seedOf();
  t.diagnostic(`MAYFLY_SEED=${seed}`);
  const random = new Random(seed);
  const cacheDir = mkdtempSync(join(tmpdir(), "mayfly-compress-"));
  afterwards(t, () => rmSync(cacheDir, { recursive: true }));
  const bytes = Buffer.concat([random.bytes(10_000), Buffer.alloc(1 << 20)]);
  const first = await compressOnce(cacheDir, bytes);
  assert.ok(first.length < bytes.length && zstdDecompressSync(first).equals(bytes));
  const [file] = globSync(join(cacheDir, "steps/*/tree/*"));
  const { ino } = statSync(file!);
  assert.ok((await compressOnce(cacheDir, bytes)).equals(first));
  assert.equal(statSync(file!).ino, ino, "it is the same file");

  const other = await compressOnce(cacheDir, random.bytes(1_000));
  const damages = [
    () => truncateSync(file!, 100),
    () => writeFileSync(file!, random.damaged(first)),
    () => writeFileSync(file!, other),
    () => rmSync(file!),
  ];
  for (const [at, damage] of damages.entries()) {
    chmodSync(file!, 0o644);
    damage();
    assert.ok((await compressOnce(cacheDir, bytes)).equals(first), `damage ${at}`);
  }
});
