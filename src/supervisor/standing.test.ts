import assert from "node:assert/strict";
import { test } from "node:test";
import { afterDeath, delayAfter, fresh, type Standing, takenUp } from "./standing.ts";

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
  let standing = fresh;
  for (const at of [1, 2, 3])
    standing = afterDeath(
      standing,
      { at, reason: "", livedMs: 1 },
      new Map([
        ["__proto__", at],
        ["constructor", at],
      ]),
    );
  assert.deepEqual(standing.leftAlone, ["__proto__", "constructor"]);
});
