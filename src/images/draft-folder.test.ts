import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { withDraftFolder } from "./draft-folder.ts";

let parent: string;
beforeEach(() => (parent = mkdtempSync(join(tmpdir(), "mayfly-draft-"))));
afterEach(() => rmSync(parent, { recursive: true }));

test("nothing is left of a draft that failed", async () => {
  await assert.rejects(
    withDraftFolder(parent, () => Promise.reject(new Error("no"))),
    /no/,
  );
  assert.deepEqual(readdirSync(parent), []);
});

test("a draft may be renamed to its place", async () => {
  await withDraftFolder(parent, async (folder) => renameSync(folder, join(parent, "made")));
  assert.deepEqual(readdirSync(parent), ["made"]);
});

test("drafts of makers that died are removed, those of the living are not", async () => {
  const dead = spawnSync("true").pid;
  mkdirSync(join(parent, `.draft-${dead}-abc`));
  const living = join(parent, `.draft-${process.ppid}-abc`);
  mkdirSync(living);
  await withDraftFolder(parent, async (folder) => assert.ok(existsSync(folder)));
  assert.deepEqual(readdirSync(parent), [`.draft-${process.ppid}-abc`]);
});
