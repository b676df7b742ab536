import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { test } from "node:test";

import { keepTail } from "../console-tail.ts";
import { heapFlags, heapSizes, reasonOfNode } from "./node-limits.ts";

async function end(script: string) {
  const child = spawn(process.execPath, ["--max-old-space-size=24", "-e", script], { stdio: ["ignore", "pipe", "pipe"] });
  const tail = keepTail(child.stdout, child.stderr);
  const [code] = (await once(child, "close")) as [number | null];
  return reasonOfNode(code, tail.text());
}

test("a heap that is full, an abort and an exit are told apart", async () => {
  assert.equal(await end("const all = []; for (;;) all.push(new Array(1000).fill({}));"), "out-of-memory");
  assert.equal(await end("process.abort()"), "crashed");
  assert.equal(await end("process.exit(3)"), "exited");
  assert.equal(reasonOfNode(134, "Aborted"), "crashed", "a shell's or runsc's way to tell SIGABRT");
});

test("the heap, three times its young space, and what Node and a kernel hold besides fit into the machine", () => {
  for (const systemMb of [0, 40, 86])
    for (const memoryMb of [128, 256, 512, 1_024, 8_192]) {
      const { oldMb, semiMb } = heapSizes(memoryMb, systemMb);
      assert.ok(oldMb >= 20 && semiMb >= 1, `${memoryMb} MB: ${oldMb} and ${semiMb}`);
      if (memoryMb > 128) assert.ok(oldMb + 3 * semiMb + systemMb <= memoryMb - 40, `${memoryMb} MB: ${oldMb} and ${semiMb}`);
    }
});

test("V8 observes both sizes", async () => {
  const child = spawn(process.execPath, [...heapFlags(128), "-p", "v8.getHeapStatistics().heap_size_limit / 2 ** 20"]);
  const { oldMb, semiMb } = heapSizes(128);
  assert.equal(Number(await text(child.stdout)), oldMb + 3 * semiMb);
});
