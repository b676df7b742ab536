import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { afterwards } from "../../base/testing/afterwards.ts";
import type { FileEntry } from "../../wire/protocol.ts";
import { openFilesWriter } from "./write-files.ts";

test("of files that fail together with a folder, each failure is the upload's alone", async (t) => {
  const place = mkdtempSync(join(tmpdir(), "mayfly-written-"));
  afterwards(t, () => rmSync(place, { recursive: true }));
  // As on a full disk: neither the files nor the folder can be made.
  for (const name of ["a", "b"]) mkdirSync(join(place, name));
  writeFileSync(join(place, "c"), "");
  for (const bytes of [1, 0]) {
    const entries = ["a", "b", "c/d"].map((path): FileEntry => [path, bytes, false]);
    const writer = await openFilesWriter("folder", place, entries);
    const upload = async () => {
      await writer.push(Buffer.alloc(bytes * entries.length));
      await writer.end();
    };
    await assert.rejects(upload(), { code: /^E(EXIST|NOTDIR|ISDIR)$/ });
    await writer.close();
  }
  // The runner fails a test during which a rejection is not handled.
  for (let turns = 0; turns < 100; turns++) await turn();
});
