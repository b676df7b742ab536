import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { afterwards } from "../../base/testing/afterwards.ts";
import { keyOfFile, keyOfWords } from "./requirements-key.ts";

test("what is required is the same until a file of it changes, and cannot be told where a folder or nothing is named", (t) => {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-key-"));
  afterwards(t, () => rmSync(dir, { recursive: true }));
  const write = (name: string, text: string) => writeFileSync(join(dir, name), text);
  const file = join(dir, "requirements.txt");
  mkdirSync(join(dir, "wheels"));
  write("base.txt", "flask\n");
  write("limits.txt", "flask<4\n");
  const wheel = pathToFileURL(join(dir, "wheels/c-1-py3-none-any.whl")).href;
  write(
    "requirements.txt",
    `-r base.txt\n--constraint=limits.txt # why\nwheels/a-1-py3-none-any.whl\nb @ file:wheels/b-1-py3-none-any.whl#sha256=0\nc @ ${wheel} ; python_version > "3"\nd==1\n`,
  );
  assert.equal(keyOfFile(file, dir), undefined, "there are no wheels yet");
  for (const name of ["a", "b", "c"]) write(`wheels/${name}-1-py3-none-any.whl`, name);
  let before = keyOfFile(file, dir);
  assert.ok(before !== undefined);
  assert.equal(keyOfFile(file, dir), before);
  for (const [name, text] of [
    ["base.txt", "flask\nhono\n"],
    ["limits.txt", "flask<5\n"],
    ["wheels/a-1-py3-none-any.whl", "longer"],
    ["wheels/b-1-py3-none-any.whl", "longer"],
    ["wheels/c-1-py3-none-any.whl", "longer"],
  ] as const) {
    write(name, text);
    const now = keyOfFile(file, dir);
    assert.ok(now !== undefined && now !== before, name);
    before = now;
  }
  for (const line of ["-e .", "./x.whl", "./wheels", "-r missing.txt", "-r requirements.txt", "--editable=./x"]) {
    write("requirements.txt", `d==1\n${line}\n`);
    assert.equal(keyOfFile(file, dir), undefined, line);
  }
  write("requirements.txt", "x @ https://a.test/x.whl\ngit+https://a.test/x@main\nhttps://a.test/y.whl\n--find-links wheels/\n# ./x\n");
  assert.ok(keyOfFile(file, dir) !== undefined);
  assert.equal(keyOfWords(["flask", "hono>1"], dir), keyOfWords(["flask", "hono>1"], dir));
  assert.notEqual(keyOfWords(["flask"], dir), keyOfWords(["flask", "hono"], dir));
  assert.equal(keyOfWords(["x @ ./wheels"], dir), undefined);
});
