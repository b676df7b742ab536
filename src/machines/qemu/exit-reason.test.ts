import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import { keepTail } from "../console-tail.ts";
import { reasonOf } from "./exit-reason.ts";

test("keeps the last 16 KiB, without what would move a terminal's cursor", async () => {
  const stream = new PassThrough();
  const tail = keepTail(stream);
  stream.write("x".repeat(100_000));
  stream.write("\n\u001b[2J\u001b[1;31mKernel\r\n\r\npanic\u0007\n");
  await turn();
  assert.equal(tail.text().length < 16_500, true);
  assert.equal(tail.lastLines(2), "Kernel | panic");
  assert.equal(tail.lastLines(2, /panic/).includes("panic"), false);
});

test("tells from the console why a guest ended", () => {
  const init = (code: string) => `Kernel panic - not syncing: Attempted to kill init! exitcode=0x${code}`;
  assert.equal(reasonOf(init("00000000")), "exited");
  assert.equal(reasonOf(init("00000100")), "exited");
  assert.equal(reasonOf(init("0000000b")), "crashed");
  assert.equal(reasonOf("Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled"), "out-of-memory");
  assert.equal(reasonOf(`FATAL ERROR: Reached heap limit - JavaScript heap out of memory\n${init("00000006")}`), "out-of-memory");
  assert.equal(reasonOf("Kernel panic - not syncing: Fatal exception"), "crashed");
  assert.equal(reasonOf(""), "exited");
});
