import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { openZips } from "./open-zips.ts";

function open(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-zips-"));
  const used = new Set<string>();
  t.after(() => rm(folder, { recursive: true }));
  return { folder, used, zips: openZips({ folder, isUsed: (digest) => used.has(digest) }) };
}

test("a large file is given in small pieces, so that a slow client holds little of it in memory", async (t) => {
  const { zips, used } = open(t);
  const bytes = Buffer.alloc(3_000_000, "zip");
  const code = await zips.keep(bytes, (kept) => (used.add(kept.digest), kept));
  const pieces: Buffer[] = [];
  for await (const piece of await zips.stream(code)) pieces.push(piece);
  assert.ok(Buffer.concat(pieces).equals(bytes));
  assert.ok(Math.max(...pieces.map(({ length }) => length)) <= 131_072);
});

test("the pieces of a file that is not what was stored end with an error, and so does a file that is gone", async (t) => {
  const { folder, zips, used } = open(t);
  const code = await zips.keep(Buffer.from("whole"), (kept) => (used.add(kept.digest), kept));
  writeFileSync(join(folder, code.digest), "other");
  await assert.rejects(
    async () => {
      for await (const _piece of await zips.stream(code));
    },
    { code: "state-damaged" },
  );
  await rm(join(folder, code.digest));
  await assert.rejects(zips.stream(code), { code: "state-damaged" });
});

test("a file goes at once if its record was not written, or nothing refers to it any more, but not while another is about to use it", async (t) => {
  const { folder, zips, used } = open(t);
  const bytes = Buffer.from("zip");
  const refused = zips.keep(bytes, () => {
    throw new Error("refused");
  });
  await assert.rejects(refused, /refused/);
  assert.deepEqual(readdirSync(folder), []);
  const code = await zips.keep(bytes, (kept) => (used.add(kept.digest), kept));
  const again = zips.keep(bytes, () => undefined);
  used.clear();
  zips.release([code]);
  assert.deepEqual(readdirSync(folder), [code.digest]);
  await again;
  assert.deepEqual(readdirSync(folder), []);
});
