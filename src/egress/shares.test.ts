import assert from "node:assert/strict";
import { test } from "node:test";
import { Random, seedOf } from "../base/testing/random.ts";
import { Shares } from "./shares.ts";

function takeAll(shares: Shares, apps: string[]): number[] {
  const counts = apps.map(() => 0);
  for (let more = true; more;) {
    more = false;
    for (const [at, app] of apps.entries()) {
      if (shares.take(app) === undefined) continue;
      counts[at]! += 1;
      more = true;
    }
  }
  return counts;
}

test("apps that take all that they get have the same, and as much is left for the next", () => {
  assert.deepEqual(takeAll(new Shares(120), ["a"]), [60]);
  assert.deepEqual(takeAll(new Shares(120), ["a", "b"]), [40, 40]);
  assert.deepEqual(takeAll(new Shares(120), ["a", "b", "c"]), [30, 30, 30]);
  const shares = new Shares(120);
  takeAll(shares, ["a"]);
  assert.deepEqual(takeAll(shares, ["b"]), [30], "a latecomer gets half of what is left");
});

const seed = seedOf();
test(`there are never more than allowed, and an app that has none gets one as long as one is free (seed ${seed})`, () => {
  const random = new Random(seed);
  const most = 40;
  const shares = new Shares(most);
  const held: { app: string; release: () => void }[] = [];
  for (let step = 0; step < 5_000; step++) {
    const app = `app ${random.below(60)}`;
    if (random.chance(0.45)) {
      const [gone] = held.splice(random.below(held.length + 1), 1);
      gone?.release();
      gone?.release();
    } else {
      const release = shares.take(app);
      if (release !== undefined) held.push({ app, release });
      else assert.ok(held.some((each) => each.app === app) || held.length === most);
    }
    assert.ok(held.length <= most);
    assert.equal(shares.heldBy(app), held.filter((each) => each.app === app).length);
  }
});
