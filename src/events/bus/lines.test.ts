import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { test } from "node:test";
import { createLines } from "./lines.ts";

test("work of one name is done one after the other, also after some that failed, and that of another is not held up", async () => {
  const inLine = createLines();
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = inLine("a", async () => {
    await gate.promise;
    throw new Error("it failed");
  });
  const second = inLine("a", async () => void order.push("a"));
  await inLine("b", async () => void order.push("b"));
  await setImmediate();
  assert.deepEqual(order, ["b"]);
  gate.resolve();
  await assert.rejects(first);
  await second;
  assert.deepEqual(order, ["b", "a"]);
});
