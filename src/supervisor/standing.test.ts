import assert from "node:assert/strict";
import { test } from "node:test";
import { Random, seedOf } from "../base/testing/random.ts";
import { afterDeath, afterLife, APART_MS, apart, delayAfter, fresh, type Standing, takenUp } from "./standing.ts";

const die = (standing: Standing, at: number, started: Record<string, number>, livedMs = 1_000) =>
  afterDeath(standing, { at, reason: "x", livedMs }, new Map(Object.entries(started)));

test("an appliance that was started right before three deaths in a row is left alone, and no other", () => {
  let standing = fresh;
  for (const at of [100_000, 200_000, 300_000]) {
    assert.deepEqual(standing.leftAlone, []);
    standing = die(standing, at, { bad: at - 15_000, old: at - 61_000 });
  }
  assert.deepEqual(standing.leftAlone, ["bad"]);
  assert.equal(standing.restarts, 3);
});

test("a minute of life clears it, and so does a user who starts it", () => {
  let standing = die(die(fresh, 100_000, { bad: 99_000 }), 200_000, { bad: 199_000 });
  standing = die(standing, 400_000, { bad: 300_000 });
  standing = die(standing, 500_000, { bad: 499_000 });
  assert.deepEqual(standing.leftAlone, []);
  standing = die(die(standing, 600_000, { bad: 599_000 }), 700_000, { bad: 699_000 });
  assert.deepEqual(standing.leftAlone, ["bad"]);
  standing = takenUp(standing, "bad");
  assert.deepEqual(standing.leftAlone, []);
  assert.deepEqual(die(standing, 800_000, { bad: 799_000 }).leftAlone, []);
});

test("the first death costs no wait, those of young workers more and more, to a limit", () => {
  const deaths = (...lives: number[]) => lives.map((livedMs) => ({ at: 0, reason: "", livedMs }));
  assert.equal(delayAfter(deaths(500_000)), 0);
  assert.equal(delayAfter(deaths(1_000)), 0);
  assert.equal(delayAfter(deaths(1_000, 1_000)), 500);
  assert.equal(delayAfter(deaths(1_000, 1_000, 1_000)), 1_000);
  assert.equal(delayAfter(deaths(...Array.from({ length: 20 }, () => 1_000))), 30_000);
  assert.equal(delayAfter(deaths(1_000, 1_000, 70_000)), 0);
});

test("any appliance name is handled, even those of inherited properties", () => {
  for (const name of ["__proto__", "constructor"]) {
    let standing = fresh;
    for (const at of [1, 2, 3]) standing = afterDeath(standing, { at, reason: "", livedMs: 1 }, new Map([[name, at]]));
    assert.deepEqual(standing.leftAlone, [name]);
  }
});

test("of several that were started together none is blamed: they are started apart next time, those that are blamed least first", () => {
  let standing = fresh;
  for (const at of [100_000, 200_000, 300_000, 400_000]) standing = die(standing, at, { a: at - 1_000, b: at - 1_000, c: at - 1_000 });
  assert.deepEqual(standing.leftAlone, []);
  assert.deepEqual(apart(standing), ["a", "b", "c"]);
  standing = die(standing, 700_000, { a: 565_000, c: 695_000 });
  standing = die(standing, 900_000, { a: 800_000, c: 895_000 });
  assert.deepEqual(apart(standing), ["b", "c"], "a has lived for a minute; b was not started again");
  standing = die(standing, 1_000_000, { c: 995_000 });
  assert.deepEqual([standing.leftAlone, apart(standing)], [["c"], ["b"]]);
});

test("a death before which nothing was started clears all, and so does an orderly end a minute after their starts", () => {
  const both = die(fresh, 100_000, { a: 99_000, b: 99_000 });
  assert.deepEqual(apart(die(both, 150_000, {})), []);
  assert.deepEqual(apart(afterLife(both, 300_000, new Map([["a", 200_000]]))), ["b"]);
});

/**
 * Workers that die one after the other, each of which starts the appliances as the supervisor says. Returns who is left alone, and how many workers died.
 * @param diesAfter the age in ms at which a worker dies, by when it starts each appliance; Infinity if it does not die
 */
function livesOf(appliances: string[], diesAfter: (startsAt: ReadonlyMap<string, number>) => number) {
  let standing = fresh;
  let now = 0;
  for (let deaths = 0; ; deaths += 1) {
    const [waiting, known] = [apart(standing), new Set(standing.leftAlone)];
    const startsAt = new Map(appliances.filter((one) => !waiting.includes(one) && !known.has(one)).map((one) => [one, 0]));
    for (const [turn, one] of waiting.entries()) startsAt.set(one, (turn + 1) * APART_MS);
    const age = diesAfter(startsAt);
    if (age === Infinity || deaths === 200) return { leftAlone: standing.leftAlone, deaths };
    const started = new Map([...startsAt].filter(([, at]) => at <= age).map(([one, at]) => [one, now + at]));
    now += age;
    standing = afterDeath(standing, { at: now, reason: "x", livedMs: age }, started);
  }
}

const names = ["a", "b", "c", "d", "e"];

test("the one appliance that ends the worker soon after its start is left alone, and no other, wherever it stands", () => {
  for (const guilty of names)
    for (const ms of [10, 15_000, 55_000]) {
      const { leftAlone, deaths } = livesOf(names, (startsAt) => (startsAt.get(guilty) ?? Infinity) + ms);
      assert.deepEqual(leftAlone, [guilty], `${guilty} after ${ms} ms`);
      assert.ok(deaths <= 6, `${deaths} deaths`);
    }
});

test("two that do so are both found", () => {
  const of = (startsAt: ReadonlyMap<string, number>, name: string, ms: number) => (startsAt.get(name) ?? Infinity) + ms;
  const { leftAlone } = livesOf(names, (startsAt) => Math.min(of(startsAt, "b", 9_000), of(startsAt, "d", 30_000)));
  assert.deepEqual(leftAlone.toSorted(), ["b", "d"]);
});

const seed = seedOf();
test(`workers that die for another reason leave no appliance alone (seed ${seed})`, () => {
  for (const ms of [500, 20_000, 59_000]) assert.deepEqual(livesOf(names, () => ms).leftAlone, [], `every ${ms} ms`);
  const random = new Random(seed);
  assert.deepEqual(livesOf(names, () => random.between(1, 45_000)).leftAlone, []);
});
