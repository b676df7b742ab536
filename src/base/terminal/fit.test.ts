import assert from "node:assert/strict";
import { test } from "node:test";
import { cutOff, wrapped } from "./fit.ts";

test("a line is cut off at the width, and its colours end", () => {
  assert.equal(cutOff("\u001B[1mcalls\u001B[22m per second", 7), "\u001B[1mcalls\u001B[22m p");
  assert.equal(cutOff("\u001B[1mcalls\u001B[22m", 3), "\u001B[1mcal\u001B[22m");
  assert.equal(cutOff("short", 80), "short");
});

test("a line is broken between words, and colours take no width", () => {
  assert.deepEqual(wrapped("\u001B[1mcalls\u001B[22m 1.0/s, 0/s failed", 12), ["\u001B[1mcalls\u001B[22m 1.0/s,", "0/s failed"]);
  assert.deepEqual(wrapped("a-very-long-word is cut", 6), ["a-very", "is cut"]);
  assert.deepEqual(wrapped("one line", 80), ["one line"]);
});
