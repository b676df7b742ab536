import assert from "node:assert/strict";
import { test } from "node:test";
import { soon } from "./soon.ts";

test("soon() calls back after the code that runs, and before timers", async () => {
  const order: string[] = [];
  const timer = new Promise<void>((resolve) => {
    setImmediate(() => {
      order.push("immediate");
      resolve();
    });
  });
  soon(() => order.push("soon"));
  order.push("code");
  await timer;
  assert.deepEqual(order, ["code", "soon", "immediate"]);
});
