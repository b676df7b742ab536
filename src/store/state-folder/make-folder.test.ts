import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { makeFolder } from "./make-folder.ts";

test("a folder is made with all its parents, and an existing one is left as it is", (context) => {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-folder-"));
  context.after(() => rmSync(dir, { recursive: true }));
  makeFolder(join(dir, "a/b"), 0o700);
  makeFolder(join(dir, "a/b"), 0o755);
  assert.equal(statSync(join(dir, "a/b")).mode & 0o777, 0o700);
});

test("a path where no folder can be made fails at once with an error that names it", (context) => {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-folder-"));
  context.after(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, "file"), "");
  assert.throws(() => makeFolder("/proc/x/y"), { path: "/proc/x" });
  assert.throws(() => makeFolder(join(dir, "file")), { code: "EEXIST", path: join(dir, "file") });
  assert.throws(() => makeFolder(join(dir, "file/a/b")), { code: "ENOTDIR", path: join(dir, "file/a") });
});
