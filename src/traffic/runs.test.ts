import assert from "node:assert/strict";
import { test } from "node:test";
import { Random, seedOf } from "../base/testing/random.ts";
import { LENGTH, moveRuns, pointOf, revisionAt, type Run, type Weight } from "./runs.ts";

const seed = seedOf();

function unitsOf(runs: readonly Run[]): Map<string, number> {
  const units = new Map<string, number>();
  for (const [revision, length] of runs) units.set(revision, (units.get(revision) ?? 0) + length);
  return units;
}

/** How many units belong to another revision than before. */
function changed(before: readonly Run[], after: readonly Run[]): number {
  const borders = (runs: readonly Run[]) => {
    let end = 0;
    return runs.map(([, units]) => (end += units));
  };
  const all = [...new Set([0, ...borders(before), ...borders(after)])].toSorted((a, b) => a - b);
  let units = 0;
  for (const [at, start] of all.slice(0, -1).entries())
    if (revisionAt(before, start) !== revisionAt(after, start)) units += all[at + 1]! - start;
  return units;
}

test("each revision gets its share of the line, and a canary that grows takes from the old one alone", () => {
  let runs = moveRuns([], [{ revision: "old", weight: 1 }]);
  assert.deepEqual(runs, [["old", LENGTH]]);
  for (const share of [0.01, 0.1, 0.5, 1]) {
    const weights = [
      { revision: "old", weight: 1 - share },
      { revision: "new", weight: share },
    ].filter(({ weight }) => weight > 0);
    const moved = moveRuns(runs, weights);
    assert.ok(Math.abs((unitsOf(moved).get("new") ?? 0) / LENGTH - share) < 1e-6);
    assert.ok(moved.length <= 2);
    runs = moved;
  }
  assert.deepEqual(runs, [["new", LENGTH]]);
});

test(`however weights change, no more moves than must (seed ${seed})`, () => {
  const random = new Random(seed);
  for (let i = 0; i < 200; i++) {
    let runs: Run[] = [];
    for (let change = 0; change < 10; change++) {
      const names = ["a", "b", "c", "d", "e"].filter(() => random.chance(0.6));
      const weights: Weight[] = (names.length === 0 ? ["a"] : names).map((revision) => ({ revision, weight: random.between(0.001, 10) }));
      const next = moveRuns(runs, weights);
      const [before, after] = [unitsOf(runs), unitsOf(next)];
      const sum = weights.reduce((all, { weight }) => all + weight, 0);
      assert.equal(
        [...after.values()].reduce((all, units) => all + units, 0),
        LENGTH,
      );
      for (const { revision, weight } of weights) assert.ok(Math.abs((after.get(revision) ?? 0) - (weight / sum) * LENGTH) <= 1);
      if (runs.length > 0) {
        const grown = [...after].reduce((all, [revision, units]) => all + Math.max(0, units - (before.get(revision) ?? 0)), 0);
        assert.equal(changed(runs, next), grown);
      }
      assert.deepEqual(moveRuns(next, weights), next, "the same weights move nothing");
      runs = next;
    }
  }
});

test("the line does not fall into ever more pieces", () => {
  const random = new Random(seed + 1);
  let runs: Run[] = [];
  for (let i = 0; i < 3_000; i++) {
    runs = moveRuns(
      runs,
      ["a", "b", "c", "d", "e", "f"].map((revision) => ({ revision, weight: random.between(0.1, 1) })),
    );
    assert.ok(runs.length <= 256);
  }
});

test("keys are spread evenly, and otherwise for each alias", () => {
  const runs = moveRuns(
    [],
    [
      { revision: "old", weight: 80 },
      { revision: "new", weight: 20 },
    ],
  );
  const isNew = (salt: string, key: number) => revisionAt(runs, pointOf(salt, `caller ${key}`)) === "new";
  const keys = Array.from({ length: 10_000 }, (_, key) => key);
  const found = keys.filter((key) => isNew("shop live", key));
  assert.ok(Math.abs(found.length - 2_000) < 200, String(found.length));
  const both = found.filter((key) => isNew("blog live", key));
  assert.ok(Math.abs(both.length - 400) < 120, String(both.length));
});
