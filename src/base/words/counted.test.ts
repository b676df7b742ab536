import assert from "node:assert/strict";
import { readFileSync, globSync } from "node:fs";
import { test } from "node:test";
import { counted } from "./counted.ts";

test("one is one, and none are many", () => {
  assert.deepEqual(
    [0, 1, 2, "1", "1.2"].map((count) => counted(count, "machine")),
    ["0 machines", "1 machine", "2 machines", "1 machine", "1.2 machines"],
  );
  assert.equal(counted(2, "entry", "entries"), "2 entries");
});

/** Nouns that texts may count; the command line, the policy's reasons and the logs all have such texts. */
const nouns =
  "machines|slots|calls|requests|apps|lines|images|steps|parts|versions|errors|functions|packages|blanks|invocations|times|restarts|connections|log lines|milliseconds|seconds";
const bare = new RegExp(String.raw`\$\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\} (?:${nouns})\b|version\(s\)`);
const rooms = ["cli", "policy", "dispatcher", "logs", "api", "ledger", "wire", "appliances", "guest"];

test("every text that counts something has a singular form", () => {
  const files = rooms.flatMap((room) => globSync(`src/${room}/**/*.ts`)).filter((file) => !/\.test\.ts$|testing\/|describe-/.test(file));
  assert.ok(files.length > 200);
  for (const file of files)
    for (const [at, line] of readFileSync(file, "utf8").split("\n").entries())
      if (bare.test(line)) assert.fail(`${file}:${at + 1} counts without counted(): ${line.trim()}`);
});

test("the search for such texts finds them", () => {
  assert.match("`on ${bound} machines`", bare);
  assert.match("`${figure(a)} slots`", bare);
  assert.match("`its ${versions.length} version(s)`", bare);
  assert.doesNotMatch('`on ${counted(bound, "machine")}`', bare);
});
