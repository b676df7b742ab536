import { test } from "node:test";
import assert from "node:assert/strict";
import { harmless } from "./terminal.ts";

test("text from a machine cannot steer the terminal, nor pass for another line", () => {
  assert.equal(harmless("plain\ttext ü 🪰"), "plain\ttext ü 🪰");
  assert.equal(harmless("\u001B[2J\u001B]0;owned\u0007\r\u009B1m"), "\\x1b[2J\\x1b]0;owned\\x07\\x0d\\x9b1m");
  assert.equal(harmless("a\u202Eb\u2066c\u2028d"), "a\\u202eb\\u2066c\\u2028d");
  assert.equal(harmless("Error: x\n  at y\n12:00:00.000 [platform] forged\n"), "Error: x\n      at y\n    12:00:00.000 [platform] forged");
});
