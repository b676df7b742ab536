import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";

import { keepTail } from "../console-tail.ts";
import { heapMb, reasonOfNode } from "./node-limits.ts";

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

test("the heap leaves room for what Node holds beside it", () => {
  assert.equal(heapMb(256), 192);
  assert.equal(heapMb(128), 64);
});
