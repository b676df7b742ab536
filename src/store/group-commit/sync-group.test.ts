import assert from "node:assert/strict";
import { test } from "node:test";
import { SyncGroup } from "./sync-group.ts";

/** Its fsyncs take 1 ms on average. */
function steady(): SyncGroup {
  const group = new SyncGroup();
  for (let time = 0; time < 100; time++) {
    group.add(1, 0);
    group.synced(1, 1);
    group.rest();
  }
  return group;
}

test("a caller that is alone waits for nobody", () => {
  const group = steady();
  assert.equal(group.add(1, 5), true);
  group.synced(1, 1);
  assert.equal(group.rest(), Infinity);
  assert.equal(group.add(1, 7), true);
});

test("whoever comes during an fsync is expected at the next one, together with those whom it answers", () => {
  const group = steady();
  assert.equal(group.add(1, 5), true);
  group.synced(1, 1);
  assert.equal(group.add(1, 6), false, "the other will be back");
  assert.ok(Math.abs(group.rest() - 8) < 0.01, "it is waited for no longer than twice an fsync");
  assert.equal(group.add(1, 6.5), true);
  group.synced(2, 1);
  group.rest();
  assert.equal(group.add(1, 7), false);
  assert.equal(group.add(1, 7.5), true);
});

test("whoever does not come back is waited for once, and what waits for no disk is not counted", () => {
  const group = steady();
  group.add(2, 5);
  group.synced(2, 1);
  group.rest();
  assert.equal(group.add(1, 6), false);
  assert.equal(group.add(0, 6), false);
  group.synced(1, undefined);
  group.rest();
  assert.equal(group.add(1, 9), true);
});

test("where others do not come in time, fewer and fewer fsyncs wait for them", () => {
  const group = steady();
  let waits = 0;
  for (let time = 0; time < 1_000; time++) {
    if (!group.add(1, 3 * time)) waits++;
    group.synced(1, 1);
    // The other one comes during each fsync.
    if (!group.add(1, 3 * time + 2)) waits++;
    group.synced(1, 1);
    group.rest();
  }
  assert.ok(waits > 5 && waits < 50, `${waits} of 2,000`);
});

test("on a slow disk nobody waits for more than 2 ms", () => {
  const group = new SyncGroup();
  for (let time = 0; time < 100; time++) group.synced(2, 500);
  group.rest();
  assert.equal(group.add(1, 10), false);
  assert.equal(group.rest(), 12);
});
