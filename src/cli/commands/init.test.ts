import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { quoted } from "./init.ts";

test("a folder's name in a command that is printed can be pasted into a shell, whatever is in it", () => {
  assert.equal(quoted("apps/shop-1.2"), "apps/shop-1.2");
  assert.equal(quoted("My App!"), "'My App!'");
  for (const name of ["My App!", "it's", "$HOME", "a;b", "*", "`x`", '"', "ü"])
    assert.equal(execFileSync("sh", ["-c", `printf %s ${quoted(name)}`]).toString(), name);
});
