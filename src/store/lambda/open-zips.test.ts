import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { openZips } from "./open-zips.ts";

function open(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-zips-"));
  t.after(() => rm(folder, { recursive: true }));
  return { folder, zips: openZips({ folder, isUsed: () => false, now: () => 0 }) };
}

test("a large file is given in small pieces, so that a slow client holds little of it in memory", async (t) => {
  const { zips } = open(t);
  const bytes = Buffer.alloc(3_000_000, "zip");
  const code = await zips.keep(bytes);
  const pieces: Buffer[] = [];
  for await (const piece of await zips.stream(code)) pieces.push(piece);
  assert.ok(Buffer.concat(pieces).equals(bytes));
  assert.ok(Math.max(...pieces.map(({ length }) => length)) <= 131_072);
});

test("the pieces of a file that is not what was stored end with an error, and so does a file that is gone", async (t) => {
  const { folder, zips } = open(t);
  const code = await zips.keep(Buffer.from("whole"));
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
