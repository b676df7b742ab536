import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { guarded } from "./guarded.ts";

test("an error that a listener throws or rejects with reaches only its own handler", async () => {
  const failures: string[] = [];
  const failed = (error: unknown, peer: string) => void failures.push(`${peer}: ${(error as Error).message}`);
  const source = new EventEmitter();
  source.on(
    "x",
    guarded((_peer: string) => {
      throw new Error("thrown");
    }, failed),
  );
  source.on(
    "x",
    guarded(async (_peer: string) => Promise.reject(new Error("rejected")), failed),
  );
  source.emit("x", "peer");
  await new Promise(setImmediate);
  assert.deepEqual(failures, ["peer: thrown", "peer: rejected"]);
});

test("a listener that works gets its arguments, and its handler stays silent", () => {
  const got: unknown[] = [];
  guarded(
    (a: number, b: string) => got.push(a, b),
    () => assert.fail("nothing failed"),
  )(1, "b");
  assert.deepEqual(got, [1, "b"]);
});
