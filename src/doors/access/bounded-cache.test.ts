import assert from "node:assert/strict";
import { test } from "node:test";
import { BoundedCache } from "./bounded-cache.ts";

test("what was put in is there until its time is over", () => {
  const cache = new BoundedCache<string>(10);
  cache.put("a", "A", 1, 100);
  assert.deepEqual([cache.get("a", 99), cache.get("a", 100), cache.get("a", 99)], ["A", undefined, undefined]);
  assert.equal(cache.weight, 0);
});

test("the oldest leave when it is full, and what is too heavy is not taken", () => {
  const cache = new BoundedCache<number>(10);
  for (let i = 0; i < 1_000; i++) cache.put(`key ${i}`, i, 3, Infinity);
  assert.equal(cache.weight, 9);
  assert.deepEqual(
    [996, 997, 998, 999].map((i) => cache.get(`key ${i}`, 0)),
    [undefined, 997, 998, 999],
  );
  cache.put("key 999", -1, 11, Infinity);
  assert.equal(cache.get("key 999", 0), undefined);
  assert.equal(cache.weight, 6);
});
