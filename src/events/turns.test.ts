import assert from "node:assert/strict";
import { test } from "node:test";
import { type TurningLane, Turns } from "./turns.ts";

const lane = (tenant: string): TurningLane => ({ tenant, running: 0 });

/** Lets all that wait begin what they may, until nothing more may begin. */
function fill(turns: Turns<TurningLane>, lanes: readonly TurningLane[]): number[] {
  for (;;) {
    for (const each of lanes) turns.add(each);
    const next = turns.next();
    if (next === undefined) return lanes.map(({ running }) => running);
    turns.count(next, turns.roomFor(next));
  }
}

test("a lane gets half of the places, a tenant three quarters, and others get some of what is left", () => {
  const turns = new Turns<TurningLane>(400);
  const [one, two] = [lane("a"), lane("a")];
  assert.deepEqual(fill(turns, [one]), [200]);
  assert.deepEqual(fill(turns, [one, two]), [200, 100]);
  const three = lane("b");
  const [, , others] = fill(turns, [one, two, three]);
  assert.ok(others! >= 50, `${others} of 400`);
  assert.ok(turns.running < 400);
});

test("a tenant that has nothing running gets a place as long as there is one", () => {
  const turns = new Turns<TurningLane>(3);
  const lanes = ["a", "b", "c", "d"].map(lane);
  assert.deepEqual(fill(turns, lanes), [1, 1, 1, 0]);
  turns.count(lanes[0]!, -1);
  assert.equal(turns.next(), lanes[3]);
});

test("tenants take turns, however many lanes each has", () => {
  const turns = new Turns<TurningLane>(1_000);
  const [many, one] = [Array.from({ length: 50 }, () => lane("a")), lane("b")];
  for (const each of [...many, one]) turns.add(each);
  const first = turns.next();
  assert.equal(first, many[0]);
  assert.equal(turns.next(), one);
  assert.equal(turns.next(), many[1]);
});
