import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../base/testing/random.ts";
import { createAttribution } from "./attribution.ts";
import { splitExactly } from "./split.ts";

/** CPU of one call of each function, in microseconds. */
const COSTS = { wait: 100, work: 10_000, mix: 1_500 };

test("costs per call are learned within some samples whose mixture differs", () => {
  const random = new Random(7);
  const attribution = createAttribution();
  const [given, true_] = [new Map<string, number>(), new Map<string, number>()];
  for (let sample = 0; sample < 40; sample++) {
    let cpuUs = 0;
    for (const [name, cost] of Object.entries(COSTS)) {
      const calls = Math.floor(random.next() * (name === "wait" ? 1_000 : 30));
      for (let call = 0; call < calls; call++) attribution.ended("m1", name);
      cpuUs += calls * cost;
      if (sample >= 10) true_.set(name, (true_.get(name) ?? 0) + calls * cost);
    }
    cpuUs *= 0.9 + 0.2 * random.next();
    const shares = attribution.used("shop", "m1", cpuUs);
    if (sample >= 10) for (const [name, share] of shares) given.set(name, (given.get(name) ?? 0) + share);
  }
  for (const [name, used] of true_) {
    const ratio = (given.get(name) ?? 0) / used;
    const allowed = name === "work" ? 0.1 : 0.4;
    assert.ok(Math.abs(ratio - 1) < allowed, `${name} was given ${ratio.toFixed(2)} of what it used, the noise being 10 % of the whole`);
  }
});

test("as long as the mixture does not vary, each call costs the same", () => {
  const attribution = createAttribution();
  for (let sample = 0; sample < 20; sample++) {
    for (const name of ["one", "two", "two", "two"]) attribution.ended("m1", name);
    const shares = attribution.used("shop", "m1", 4_000);
    assert.ok(Math.abs((shares.get("one") ?? 0) - 1_000) < 20, `${shares.get("one")} of 4,000 for one of four calls`);
  }
});

test("CPU of invocations that are not over goes to the app's next invocations that end, on whatever machine", () => {
  const attribution = createAttribution();
  assert.equal(attribution.used("shop", "m1", 700).size, 0);
  assert.equal(attribution.used("other", "m3", 9).size, 0);
  attribution.ended("m2", "main");
  assert.deepEqual([...attribution.used("shop", "m2", 300)], [["main", 1_000]]);
  attribution.ended("m2", "main");
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
