import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { test } from "node:test";
import { FairTurns } from "./fair-turns.ts";

test("one begins in each turn of the event loop, and holders come in turn", async () => {
  const turns = new FairTurns();
  const begun: string[] = [];
  const ask = async (holder: string) => {
    await turns.take(holder);
    begun.push(holder);
  };
  const all = ["a", "a", "a", "a", "a", "b", "c"].map(ask);
  await Promise.resolve();
  assert.deepEqual(begun, ["a"]);
  await setImmediate();
  assert.ok(begun.length <= 2, begun.join(""));
  await Promise.all(all);
  assert.deepEqual(begun.slice(0, 4), ["a", "a", "b", "c"]);
  assert.equal(begun.join(""), "aabcaaa");
});

test("whoever comes alone does not wait", async () => {
  const turns = new FairTurns();
  assert.equal(turns.take("a"), undefined);
  for (let n = 0; n < 5; n++) await setImmediate();
  assert.equal(turns.take("a"), undefined);
});
