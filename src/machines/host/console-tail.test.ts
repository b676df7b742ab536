import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import { keepTail } from "./console-tail.ts";

test("keeps the last 16 KiB, without what would move a terminal's cursor", async () => {
  const stream = new PassThrough();
  const tail = keepTail(stream);
  stream.write("x".repeat(100_000));
  stream.write("\n\u001b[2J\u001b[1;31mKernel\r\n\r\npanic\u0007\n");
  await turn();
  assert.equal(tail.text().length < 16_500, true);
  assert.deepEqual(tail.lastLines(2), ["Kernel", "panic"]);
  assert.equal(tail.lastLines(2, /panic/).includes("panic"), false);
});

test("what a runtime printed at its start is not among the last lines of a machine that is followed", async () => {
  const stream = new PassThrough();
  const tail = keepTail(stream);
  stream.write("WARNING: Using incubator modules\n");
  await turn();
  const told: string[] = [];
  tail.follow((line) => told.push(line));
  stream.write("no memory\n");
  await turn();
  assert.deepEqual([told, tail.lastLines(9)], [["no memory"], ["no memory"]]);
});
