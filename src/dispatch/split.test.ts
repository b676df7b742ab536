import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { Split } from "./split.ts";

function counts(split: Split, calls: number): Map<string, number> {
  const counted = new Map<string, number>();
  for (let i = 0; i < calls; i++) {
    const revision = split.next();
    counted.set(revision, (counted.get(revision) ?? 0) + 1);
  }
  return counted;
}

test("weights 90 and 10 give 9,000 and 1,000 of 10,000 calls", () => {
  const split = new Split([
    { revision: "old", weight: 90 },
    { revision: "new", weight: 10 },
  ]);
  assert.deepEqual(Object.fromEntries(counts(split, 10_000)), { old: 9_000, new: 1_000 });
});

test("after any number of calls each revision has had its share, to within less than the number of revisions", () => {
  const targets = fc
    .array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 6 })
    .map((weights) => weights.map((weight, index) => ({ revision: `r${index}`, weight })));
  fc.assert(
    fc.property(targets, fc.integer({ min: 0, max: 500 }), (all, calls) => {
      const sum = all.reduce((total, { weight }) => total + weight, 0);
      const counted = counts(new Split(all), calls);
      for (const { revision, weight } of all)
        assert.ok(Math.abs((counted.get(revision) ?? 0) - (calls * weight) / sum) < all.length, `${revision} of ${JSON.stringify(all)}`);
    }),
  );
});

test("an empty list of revisions is refused", () => {
  assert.throws(() => new Split([]), RangeError);
});
