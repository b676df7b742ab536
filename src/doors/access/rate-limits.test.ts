import assert from "node:assert/strict";
import { test } from "node:test";
import { Random, seedOf } from "../../base/testing/random.ts";
import { RateLimits } from "./rate-limits.ts";

test("a caller has as many calls as its limit says, and then one more whenever the time of one has passed", () => {
  const limits = new RateLimits();
  const rule = { perCaller: { calls: 3, seconds: 6 } };
  const at = (now: number) => limits.take("app/f", "ada", rule, now);
  assert.deepEqual([at(0), at(0), at(0), at(0)], [0, 0, 0, 2_000]);
  assert.equal(at(1_500), 500);
  assert.deepEqual([at(2_000), at(2_000)], [0, 2_000]);
  assert.deepEqual([at(60_000), at(60_000), at(60_000), at(60_000)], [0, 0, 0, 2_000]);
});

test("callers and functions have limits of their own", () => {
  const limits = new RateLimits();
  const rule = { perCaller: { calls: 1, seconds: 10 } };
  assert.equal(limits.take("app/f", "ada", rule, 0), 0);
  assert.equal(limits.take("app/f", "bob", rule, 0), 0);
  assert.equal(limits.take("app/g", "ada", rule, 0), 0);
  assert.equal(limits.take("app/f", "ada", rule, 0), 10_000);
});

test("a call that is refused counts against no limit, neither the caller's nor the function's", () => {
  const limits = new RateLimits();
  const rule = { perCaller: { calls: 1, seconds: 100 }, perFunction: { calls: 2, seconds: 100 } };
  assert.equal(limits.take("app/f", "ada", rule, 0), 0);
  for (let i = 0; i < 50; i++) assert.ok(limits.take("app/f", "ada", rule, 0) > 0);
  assert.equal(limits.take("app/f", "bob", rule, 0), 0);
  assert.ok(limits.take("app/f", "eve", rule, 0) > 0, "the function's limit is reached");
  assert.equal(limits.take("app/f", "eve", rule, 50_000), 0, "eve's refused call was not counted");
});

const seed = seedOf();
test(`whenever it is called, in any window fewer than twice the limit's calls pass (seed ${seed})`, () => {
  const random = new Random(seed);
  const limits = new RateLimits();
  const limit = { calls: 7, seconds: 2 };
  const passed: number[] = [];
  for (let now = 0, i = 0; i < 5_000; i++) {
    now += random.below(400);
    if (limits.take("app/f", "ada", { perCaller: limit }, now) === 0) passed.push(now);
  }
  for (const start of passed) {
    const within = passed.filter((at) => at >= start && at < start + limit.seconds * 1_000).length;
    assert.ok(within < 2 * limit.calls, `${within} calls in the window that begins at ${start}`);
  }
});

test("a flood of callers takes a bounded memory, and no other function's callers are forgotten for it", () => {
  const limits = new RateLimits({ most: 1_000, mostOfOne: 200 });
  const rule = { perCaller: { calls: 1, seconds: 3_600 } };
  for (let i = 0; i < 100; i++) limits.take("calm/f", `caller ${i}`, rule, 0);
  for (let i = 0; i < 50_000; i++) limits.take("flooded/f", `address ${i}`, rule, i / 1_000);
  assert.ok(limits.size <= 300, `${limits.size} callers`);
  for (let i = 0; i < 100; i++) assert.ok(limits.take("calm/f", `caller ${i}`, rule, 100) > 0, `caller ${i} was forgotten`);
});

test("floods of many functions together take a bounded memory, too", () => {
  const limits = new RateLimits({ most: 1_000, mostOfOne: 200 });
  const rule = { perCaller: { calls: 1, seconds: 3_600 }, perFunction: { calls: 1_000_000, seconds: 3_600 } };
  for (let i = 0; i < 50_000; i++) limits.take(`app/${i % 40}`, `address ${i}`, rule, i / 1_000);
  assert.ok(limits.size <= 1_000 + 40, `${limits.size} callers`);
});

test("a flood does not lift the limit of the whole function", () => {
  const limits = new RateLimits({ most: 100, mostOfOne: 20 });
  const rule = { perCaller: { calls: 1, seconds: 3_600 }, perFunction: { calls: 500, seconds: 3_600 } };
  let passed = 0;
  for (let i = 0; i < 5_000; i++) if (limits.take("app/f", `address ${i}`, rule, 0) === 0) passed += 1;
  assert.equal(passed, 500);
});

test("callers whose limits are whole again are forgotten", () => {
  const limits = new RateLimits();
  const rule = { perCaller: { calls: 2, seconds: 10 } };
  for (let i = 0; i < 100; i++) limits.take("app/f", `caller ${i}`, rule, i);
  limits.sweep(5_050);
  assert.equal(limits.size, 49);
  limits.sweep(20_000);
  assert.equal(limits.size, 0);
});
