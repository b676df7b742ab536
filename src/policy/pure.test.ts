import { test } from "node:test";
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const ROOM = import.meta.dirname;
/** What a pure function must not touch: clocks, randomness, I/O, logging, the outside. */
const FORBIDDEN =
  /\b(Date|Math\.random|performance|crypto|process|console|globalThis|setTimeout|setInterval|setImmediate|queueMicrotask|fetch|Temporal|Promise|async|await|require|import\s*\(|eval|Function\s*\()\b/;

const sources = readdirSync(ROOM, { recursive: true, encoding: "utf8" }).filter(
  (file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && !file.startsWith("testing/"),
);

test("the policy imports nothing but itself", () => {
  for (const file of sources)
    for (const [, from] of codeOf(file).matchAll(/\bfrom\s+"([^"]+)"/g)) {
      assert.ok(sources.includes(join(dirname(file), from as string)), `${file} imports ${from}`);
    }
});

test("these tests look at all files of the policy", () => {
  for (const file of ["policy.ts", "core/plan.ts", "rules/learned.ts"]) assert.ok(sources.includes(file), file);
});

test("the policy reads no clock, draws no random numbers, does no I/O and logs nothing", () => {
  for (const file of sources) assert.doesNotMatch(codeOf(file), FORBIDDEN, file);
});

test("the check finds what it looks for", () => {
  for (const bad of ["Date.now()", "Math.random()", "process.env", "console.log(1)", 'await import("node:fs")', "performance.now()"])
    assert.match(bad, FORBIDDEN);
});

/** The source without comments. */
function codeOf(file: string): string {
  return readFileSync(join(ROOM, file), "utf8").replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
}
