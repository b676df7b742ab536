import assert from "node:assert/strict";
import { test } from "node:test";
import { createAttribution } from "./attribution.ts";
import { splitExactly } from "./split.ts";

test("costs per call are learned from samples whose mixture differs, though both functions take as long", () => {
  const attribution = createAttribution();
  const costUs = { wait: 500, spin: 50_000 };
  const late = { wait: 0, spin: 0 };
  for (let sample = 0; sample < 200; sample++) {
    const calls = { wait: 1 + ((sample * 7) % 20), spin: (sample * 3) % 5 };
    for (const name of ["wait", "spin"] as const) for (let call = 0; call < calls[name]; call++) attribution.ended("m1", name, 50);
    const given = attribution.used("shop", "m1", calls.wait * costUs.wait + calls.spin * costUs.spin);
    if (sample < 100) continue;
    for (const name of ["wait", "spin"] as const) late[name] += (given.get(name) ?? 0) / (calls[name] * costUs[name] || Infinity) / 100;
  }
  assert.ok(late.wait > 0.9 && late.wait < 1.5, `what waits was given ${late.wait} of what it used`);
  assert.ok(
    late.spin > 0.75 && late.spin < 1.05,
    `what computes was given ${late.spin} of what it used (a fifth of the samples have none)`,
  );
});

test("a function that is new is taken to cost what its time in flight suggests", () => {
  const attribution = createAttribution();
  attribution.ended("m1", "short", 10);
  attribution.ended("m1", "long", 30);
  assert.deepEqual(
    [...attribution.used("shop", "m1", 4_000)],
    [
      ["short", 1_000],
      ["long", 3_000],
    ],
  );
});

test("CPU of invocations that are not over is kept for the app's next that are, on whatever machine", () => {
  const attribution = createAttribution();
  assert.equal(attribution.used("shop", "m1", 700).size, 0);
  assert.equal(attribution.used("other", "m3", 9).size, 0);
  attribution.ended("m2", "main", 5);
  assert.deepEqual([...attribution.used("shop", "m2", 300)], [["main", 1_000]]);
  attribution.ended("m2", "main", 5);
  assert.deepEqual([...attribution.used("shop", "m2", 10)], [["main", 10]]);
});

test("a split sums to the whole exactly, in proportion", () => {
  assert.deepEqual(splitExactly(100, [1, 1, 1]), [33, 34, 33]);
  assert.deepEqual(splitExactly(7, [0, 0]), [4, 3]);
  assert.deepEqual(splitExactly(5, []), []);
  const weights = Array.from({ length: 1_000 }, (_, at) => Math.sin(at) ** 2 / 3);
  const parts = splitExactly(123_456_789_012, weights);
  assert.equal(
    parts.reduce((sum, part) => sum + part, 0),
    123_456_789_012,
  );
  assert.ok(parts.every((part) => part >= 0));
});
