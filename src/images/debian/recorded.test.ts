import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { isAsRecorded } from "./recorded.ts";

test("a program is recorded when it is first taken; one that has lost a bit since, or its end, is not as recorded", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-recorded-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const [program, record] = [join(folder, "runsc"), join(folder, "record")];
  const bytes = Buffer.alloc(3_000_000, "program");
  writeFileSync(program, bytes);
  assert.equal(await isAsRecorded(program, record), true);
  assert.equal(await isAsRecorded(program, record), true);
  const known = readFileSync(record, "utf8");
  bytes[2_000_000]! ^= 1;
  writeFileSync(program, bytes);
  assert.equal(await isAsRecorded(program, record), false);
  writeFileSync(program, bytes.subarray(0, 2_999_999));
  assert.equal(await isAsRecorded(program, record), false);
  assert.equal(readFileSync(record, "utf8"), known);
});
