/** The verdicts on canaries: clear cases, and what holds for random histories. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Random, seedOf } from "../base/testing/random.ts";
import { bounds, type CanaryPlan, LEAST_CALLS, verdictOn, type Verdict } from "./canary.ts";
import { parseDuration, parseErrors, parseTime, errorsInWords, timeInWords, usualPlan } from "./limits.ts";
import { count, createTally, p99, type Tally } from "./tally.ts";
import { reasonInWords } from "./words.ts";

const seed = seedOf();

function tallyOf({ calls, failed = 0, ms = 10 }: { calls: number; failed?: number; ms?: number }): Tally {
  const tally = createTally();
  for (let i = 0; i < calls; i++) count(tally, i < failed ? null : ms);
  return tally;
}

function verdict(fresh: Tally, old: Tally, now: number, plan: Partial<CanaryPlan> = {}): Verdict {
  return verdictOn({ plan: { ...usualPlan, ...plan }, startedAt: 0, fresh, old }, now);
}

test("a canary without a fault is promoted when its time is over and it has had enough calls, and not before", () => {
  const [fresh, old] = [tallyOf({ calls: 99 }), tallyOf({ calls: 900 })];
  assert.deepEqual(verdict(fresh, old, 500_000), { what: "wait", ms: 100_000, calls: 1 });
  assert.deepEqual(verdict(fresh, old, 700_000), { what: "wait", ms: 0, calls: 1 });
  count(fresh, 10);
  assert.deepEqual(verdict(fresh, old, 599_999), { what: "wait", ms: 1, calls: 0 });
  assert.equal(verdict(fresh, old, 600_000).what, "promote");
});

test("a canary whose calls fail is rolled back at once, and the reason has the numbers", () => {
  const found = verdict(tallyOf({ calls: 40, failed: 10 }), tallyOf({ calls: 360 }), 1_000);
  assert.ok(found.what === "roll-back" && found.reason.kind === "errors");
  const { calls, failed, oldCalls, oldFailed } = found.reason;
  assert.deepEqual([calls, failed, oldCalls, oldFailed], [40, 10, 360, 0]);
  assert.match(
    reasonInWords(found.reason),
    /^10 of its 40 calls failed \(25 %\), and of the old revision's 0 of 360 \(0 %\); at most 2.44 %/,
  );
});

test("fewer than 20 calls, or failures that chance explains, say nothing; a failing old revision excuses the new one", () => {
  const old = tallyOf({ calls: 900 });
  assert.equal(verdict(tallyOf({ calls: LEAST_CALLS - 1, failed: LEAST_CALLS - 1 }), old, 0).what, "wait");
  assert.equal(verdict(tallyOf({ calls: 100, failed: 3 }), old, 0).what, "wait");
  assert.equal(verdict(tallyOf({ calls: 100, failed: 30 }), tallyOf({ calls: 900, failed: 270 }), 0).what, "wait");
  assert.equal(verdict(tallyOf({ calls: 199, failed: 60 }), tallyOf({ calls: 2 }), 0).what, "wait", "the old one may be as bad");
  assert.equal(verdict(tallyOf({ calls: 200, failed: 60 }), tallyOf({ calls: 2 }), 0).what, "roll-back", "it gets too few calls to tell");
});

test("a limit on top of the old revision's share counts from there", () => {
  const old = tallyOf({ calls: 9_000, failed: 900 });
  const fresh = tallyOf({ calls: 1_000, failed: 200 });
  assert.equal(verdict(fresh, old, 0, { maxErrors: { most: 0.2, above: "old" } }).what, "wait");
  assert.equal(verdict(fresh, old, 0, { maxErrors: { most: 0.02, above: "old" } }).what, "roll-back");
});

test("a slower canary is rolled back once the old revision is known well; a difference below 5 ms is none", () => {
  const fresh = tallyOf({ calls: 100, ms: 30 });
  assert.equal(verdict(fresh, tallyOf({ calls: 300, ms: 10 }), 0).what, "wait");
  const found = verdict(fresh, tallyOf({ calls: 500, ms: 10 }), 0);
  assert.ok(found.what === "roll-back" && found.reason.kind === "slow");
  assert.match(
    reasonInWords(found.reason),
    /^its 99th percentile is 3\d(\.\d)? ms after 100 calls, and the old revision's 10(\.\d)? ms; at most 15/,
  );
  assert.equal(verdict(tallyOf({ calls: 100, ms: 4 }), tallyOf({ calls: 500, ms: 1 }), 0).what, "wait");
  const absolute = { maxP99: { most: 20, above: "none" } } as const;
  assert.equal(verdict(fresh, tallyOf({ calls: 10, ms: 10 }), 0, absolute).what, "roll-back");
  assert.equal(verdict(fresh, tallyOf({ calls: 500, ms: 40 }), 0, absolute).what, "wait", "the old revision is no faster");
});

interface World {
  share: number;
  oldFails: number;
  freshFails: number;
  slower: number;
}

/** Calls one after the other, with a look after every tenth. Returns the verdict that ended it, and after how many calls of the new revision. */
function live(random: Random, { share, oldFails, freshFails, slower }: World, calls: number, plan: Partial<CanaryPlan> = {}) {
  const canary = { plan: { ...usualPlan, ...plan }, startedAt: 0, old: createTally(), fresh: createTally() };
  for (let i = 1; i <= calls; i++) {
    const isFresh = random.chance(share);
    // Most calls take some ten milliseconds, some a hundred.
    const ms = 5 * Math.exp(random.between(0, 2)) * (random.chance(0.02) ? 10 : 1) * (isFresh ? slower : 1);
    count(isFresh ? canary.fresh : canary.old, random.chance(isFresh ? freshFails : oldFails) ? null : ms);
    if (i % 10 > 0) continue;
    const now = (i / calls) * canary.plan.forMs;
    const found = verdictOn(canary, now);
    if (random.chance(0.01))
      assert.deepEqual(verdictOn(JSON.parse(JSON.stringify(canary)) as typeof canary, now), found, "a restart changes nothing");
    assert.ok(found.what !== "promote" || (now >= canary.plan.forMs && canary.fresh.calls >= canary.plan.minCalls));
    if (found.what !== "wait") return { ...found, calls: canary.fresh.calls };
  }
  return undefined;
}

test(`of 150 canaries that are like the old revision, hardly any is rolled back (seed ${seed})`, () => {
  const random = new Random(seed);
  let promoted = 0;
  for (let i = 0; i < 150; i++) {
    const fails = random.pick([0, 0.001, 0.01, 0.2]);
    const found = live(random, { share: random.pick([0.05, 0.1, 0.5]), oldFails: fails, freshFails: fails, slower: 1 }, 4_000);
    if (found?.what === "promote") promoted += 1;
    else assert.equal(found?.what, "roll-back");
  }
  assert.ok(promoted >= 144, `${promoted} of 150 were promoted`);
});

test(`every canary that fails clearly more often, or is many times as slow, is rolled back (seed ${seed})`, () => {
  const random = new Random(seed + 1);
  for (let i = 0; i < 60; i++) {
    const world = {
      share: random.pick([0.05, 0.1, 0.5]),
      oldFails: random.pick([0, 0.005]),
      freshFails: random.between(0.1, 1),
      slower: 1,
    };
    const found = live(random, world, 30_000);
    assert.ok(found?.what === "roll-back" && found.reason.kind === "errors", JSON.stringify({ world, found }));
    assert.ok(found.calls <= 1_000, JSON.stringify({ world, found }));
  }
  for (let i = 0; i < 30; i++) {
    const fails = random.pick([0, 0.005]);
    const found = live(random, { share: random.pick([0.1, 0.5]), oldFails: fails, freshFails: fails, slower: 10 }, 10_000);
    assert.ok(found?.what === "roll-back" && found.reason.kind === "slow", JSON.stringify(found));
  }
});

test(`the 99th percentile of a tally is that of the calls, to 5 % (seed ${seed})`, () => {
  const random = new Random(seed + 2);
  for (let i = 0; i < 50; i++) {
    const tally = createTally();
    const times = Array.from({ length: 1 + random.below(2_000) }, () => Math.exp(random.between(-2, 13)));
    for (const ms of times) count(tally, ms);
    const exact = times.toSorted((a, b) => a - b)[Math.ceil(0.99 * times.length) - 1]!;
    const found = p99(tally)!;
    assert.ok(found >= Math.max(0.1, exact) * 0.999 && found <= Math.max(0.1, exact) * 1.051, `${found} for ${exact}`);
  }
  assert.equal(p99(createTally()), null);
});

test("the bounds of a share enclose it, and are closer the more was counted", () => {
  let width = Infinity;
  for (const all of [10, 100, 1_000, 10_000]) {
    const { least, most } = bounds(all / 10, all, 3);
    assert.ok(least < 0.1 && most > 0.1 && most - least < width);
    width = most - least;
  }
  assert.deepEqual(bounds(0, 0, 3), { least: 0, most: 1 });
});

test("limits are read as they are written", () => {
  for (const text of ["1%", "+0.5%", "100%"]) assert.equal(errorsInWords(parseErrors(text)!), text);
  for (const text of ["800ms", "+20%"]) assert.equal(timeInWords(parseTime(text)!), text);
  assert.deepEqual(parseTime("2s"), { most: 2_000, above: "none" });
  assert.deepEqual(
    [parseDuration("90s"), parseDuration("10m"), parseDuration("1.5h"), parseDuration("7d")],
    [90_000, 600_000, 5_400_000, 604_800_000],
  );
  for (const text of ["", "1", "101%", "-1%", "1 %%"]) assert.equal(parseErrors(text), undefined, text);
  for (const text of ["", "20%", "5", "0s", "8d", "1e3ms"]) assert.equal(parseTime(text), undefined, text);
});
