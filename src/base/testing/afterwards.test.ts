import assert from "node:assert/strict";
import { test } from "node:test";
import { afterwards } from "./afterwards.ts";

const order: string[] = [];

test("clean-ups of a test", async (context) => {
  await context.test("are registered", (inner) => {
    for (const name of ["folder", "server", "client"])
      afterwards(inner, async () => {
        await Promise.resolve();
        order.push(name);
      });
  });
  assert.deepEqual(order, ["client", "server", "folder"], "what was made last ends first");
});
