import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { afterwards } from "../../base/testing/afterwards.ts";
import { matching } from "./patterns.ts";

test("patterns that find files are taken, and those that stand for too many others are passed over before anything is looked for", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-patterns-"));
  afterwards(context, () => rmSync(folder, { recursive: true }));
  for (const name of ["a.txt", "b.json", `${"a".repeat(60)}!`]) writeFileSync(join(folder, name), "");
  const usual = ["*.txt", "{a,b}.{txt,json}", "**/*.json"];
  // 2^40 patterns, a thousand million, and a name that is split in every way.
  const costly = [
    "{a,b}".repeat(40),
    "{1..1000000000}",
    "+(a|aa)".repeat(20),
    `${"+(".repeat(6)}a${")".repeat(6)}b`,
    "*".repeat(2_000),
    `${"*a".repeat(30)}b`,
    `${"**/".repeat(20)}x`,
  ];
  const { globs, passedOver } = matching(folder, [...usual, ...costly], "package.patterns");
  assert.deepEqual(globs, usual);
  assert.equal(passedOver.length, costly.length);
  assert.match(passedOver[0]!.why, /stands for too many others/);
});
