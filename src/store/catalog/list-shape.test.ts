import assert from "node:assert/strict";
import { test } from "node:test";
import { entriesIn } from "./list-shape.ts";

const count = (text: string) => entriesIn(Buffer.from(text));

test("entries are counted, whatever stands in their paths", () => {
  const paths = ["a", "[[...slug]]/page.tsx", 'a"b', "a\\", 'a\\"', '\\\\"[', "{,,,,}", "ü/]"];
  assert.equal(count(JSON.stringify(paths.map((path) => [path, 1, false]))), paths.length);
  assert.equal(count("[]"), 0);
});

test("what is no list of entries is told before it is parsed", () => {
  for (const text of [
    "[".repeat(4_000_000) + "]".repeat(4_000_000),
    "[[[]]]",
    '[["a",1,false,2]]',
    '{"a":1}',
    '[{"a":1}]',
    `[[${"1,".repeat(9)}1]]`,
  ])
    assert.equal(count(text), undefined, text.slice(0, 30));
});
