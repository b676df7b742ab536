import { test } from "node:test";
import assert from "node:assert/strict";
import { onOff, poisson, renewal, timer, together, type Arrivals } from "./arrivals.ts";
import { appMemoryMb, draw, executionMs, invocationsPerDay, variation } from "./published.ts";
import { Random } from "./random.ts";

const SEED = 42;

function gaps(arrivals: Arrivals, count: number): { mean: number; cv: number } {
  let sum = 0;
  let squares = 0;
  let before = arrivals();
  for (let i = 0; i < count; i++) {
    const at = arrivals();
    assert.ok(at >= before, "time goes back");
    sum += at - before;
    squares += (at - before) ** 2;
    before = at;
  }
  const mean = sum / count;
  return { mean, cv: Math.sqrt(Math.max(0, squares / count - mean * mean)) / mean };
}

test("gaps have the mean and the coefficient of variation that were asked for", () => {
  for (const cv of [0, 0.1, 0.5, 1, 2, 10]) {
    const found = gaps(renewal(new Random(SEED), 1_000, cv), 150_000);
    const tolerance = cv > 5 ? 0.15 : 0.03;
    assert.ok(Math.abs(found.mean / 1_000 - 1) < tolerance, `cv ${cv}: mean ${found.mean}`);
    assert.ok(Math.abs(found.cv - cv) < tolerance * Math.max(cv, 1), `cv ${cv}: ${found.cv}`);
  }
  const { mean, cv } = gaps(poisson(new Random(SEED), 50), 100_000);
  assert.ok(Math.abs(mean - 50) < 1 && Math.abs(cv - 1) < 0.02, `${mean}, ${cv}`);
});

test("a timer keeps its period whatever its jitter", () => {
  const arrivals = timer(new Random(SEED), 1_000, 250, 100);
  for (let round = 0; round < 1_000; round++) {
    const at = arrivals();
    assert.ok(at >= 250 + round * 1_000 && at < 350 + round * 1_000, `${at}`);
  }
});

test("the states on and off take the shares of time that their mean lengths give", () => {
  const arrivals = onOff(new Random(SEED), 10, 1_000, 9_000);
  let count = 0;
  while (arrivals() < 1e7) count++;
  assert.ok(Math.abs(count / (1e7 / 100) - 1) < 0.1, `${count} calls`);
});

test("two rhythms together give the calls of both, in the order of time", () => {
  const both = together(timer(new Random(1), 10, 0, 0), timer(new Random(1), 15, 1, 0));
  assert.deepEqual(Array.from({ length: 6 }, both), [0, 1, 10, 16, 20, 30]);
});

test("values drawn from a published distribution have the shares of its rows", () => {
  const random = new Random(SEED);
  for (const distribution of [invocationsPerDay, variation, executionMs, appMemoryMb]) {
    const drawn = Array.from({ length: 40_000 }, () => draw(distribution, random));
    for (const [value, atMost] of distribution) {
      const share = drawn.filter((each) => each <= value * (1 + 1e-12)).length / drawn.length;
      assert.ok(Math.abs(share - atMost) < 0.01, `${share} up to ${value}, not ${atMost}`);
    }
  }
});

test("normal and gamma distributed numbers have the mean and the deviation of their distributions", () => {
  const random = new Random(SEED);
  const momentsOf = (next: () => number) => {
    const all = Array.from({ length: 100_000 }, next);
    const mean = all.reduce((sum, each) => sum + each, 0) / all.length;
    return { mean, deviation: Math.sqrt(all.reduce((sum, each) => sum + (each - mean) ** 2, 0) / all.length) };
  };
  const normal = momentsOf(() => random.normal());
  assert.ok(Math.abs(normal.mean) < 0.01 && Math.abs(normal.deviation - 1) < 0.01, JSON.stringify(normal));
  for (const shape of [0.25, 1, 9]) {
    const { mean, deviation } = momentsOf(() => random.gamma(shape));
    assert.ok(Math.abs(mean - 1) < 0.02 && Math.abs(deviation * Math.sqrt(shape) - 1) < 0.03, `shape ${shape}: ${mean}, ${deviation}`);
  }
});
