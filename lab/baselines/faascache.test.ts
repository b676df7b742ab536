import { test } from "node:test";
import assert from "node:assert/strict";
import { createClassic } from "./classic.ts";
import { faasCache } from "./faascache.ts";
import { play, type Call } from "./testing/script.ts";

function faascache(maxMemoryMb: number, calls: Call[], maxTimesPeak = Infinity) {
  return play(() => createClassic(faasCache(), { maxMachines: Infinity, maxMemoryMb, maxTimesPeak }), calls, { memoryMb: 256 });
}

test("no machine is killed while there is memory", () => {
  const calls = ["a", "b", "c"].map((app, i) => ({ at: i * 1_000, lasts: 0.1, app }));
  assert.deepEqual(
    faascache(10_000, calls).log.filter((line) => line.includes("kill")),
    [],
  );
});

test("the machine of the app that was called more often stays, and the clock puts machines used after an eviction above those used before", () => {
  const calls = [
    { at: 0, lasts: 0.1, app: "a" },
    { at: 10, lasts: 0.1, app: "a" },
    { at: 20, lasts: 0.1, app: "a" },
    { at: 30, lasts: 0.1, app: "b" },
    { at: 40, lasts: 0.1, app: "b" },
    // There is room for two machines. The priorities are 3 / 256 for a and 2 / 256 for b: b goes, and the clock is 2 / 256.
    { at: 50, lasts: 0.1, app: "c" },
    // The priority of c is clock + 1 / 256, which is that of a, and then clock + 2 / 256.
    { at: 60, lasts: 0.1, app: "c" },
    // The machine of a goes, though a was called more often than c. The clock is 3 / 256.
    { at: 70, lasts: 0.1, app: "b" },
    // The priority of b is 4 / 256, as is that of c, which is older.
    { at: 80, lasts: 0.1, app: "b" },
    { at: 90, lasts: 0.1, app: "a" },
  ];
  const { log } = faascache(600, calls);
  // The machines are, by id: 1 of a, 2 of b, 3 of c, 4 of b, 5 of a.
  assert.deepEqual(
    log.filter((line) => line.includes("kill")),
    ["50 kill 2", "70 kill 1", "90 kill 3"],
  );
});

test("while all machines work, an invocation waits until one of them has nothing to do", () => {
  const calls = [
    { at: 0, lasts: 0.5, app: "a" },
    { at: 0, lasts: 0.8, app: "b" },
    { at: 0.1, lasts: 0.1, app: "c" },
  ];
  const { log } = faascache(600, calls);
  assert.deepEqual(
    log.filter((line) => line.includes("kill") || line.endsWith("start 3")),
    ["1.5 kill 1", "1.5 start 3"],
  );
});

test("a host bought for twice its peak keeps as much memory idle as was ever at work at once", () => {
  const calls = ["a", "b", "c", "d"].map((app, i) => ({ at: i * 10, lasts: 1, app }));
  const { log } = faascache(Infinity, calls, 2);
  // One machine is at work at a time, so that two machines fit.
  assert.deepEqual(
    log.filter((line) => line.includes("kill")),
    ["20 kill 1", "30 kill 2"],
  );
});
