import { test } from "node:test";
import assert from "node:assert/strict";
import { createClassic } from "./classic.ts";
import { faasCache } from "./faascache.ts";
import { play, type Call } from "./testing/script.ts";

function faascache(maxMemoryMb: number, calls: Call[], maxTimesPeak = Infinity) {
  return play(() => createClassic(faasCache(), { maxMachines: Infinity, maxMemoryMb, maxTimesPeak }), calls, { memoryMb: 256 });
}

test("nothing goes while there is memory", () => {
  const calls = ["a", "b", "c"].map((app, i) => ({ at: i * 1_000, lasts: 0.1, app }));
  assert.deepEqual(
    faascache(10_000, calls).log.filter((line) => line.includes("kill")),
    [],
  );
});

test("what was called more often stays, and the clock lifts what is used after an eviction over what was used before", () => {
  const calls = [
    { at: 0, lasts: 0.1, app: "a" },
    { at: 10, lasts: 0.1, app: "a" },
    { at: 20, lasts: 0.1, app: "a" },
    { at: 30, lasts: 0.1, app: "b" },
    { at: 40, lasts: 0.1, app: "b" },
    // Room for two. a: 3 / 256, b: 2 / 256; b goes, and the clock is 2 / 256.
    { at: 50, lasts: 0.1, app: "c" },
    // c: clock + 1 / 256, as a's; then 2 / 256 over the clock.
    { at: 60, lasts: 0.1, app: "c" },
    // a goes, though it was called more often than c: the clock is 3 / 256.
    { at: 70, lasts: 0.1, app: "b" },
    // b: 4 / 256, as is c, which is older.
    { at: 80, lasts: 0.1, app: "b" },
    { at: 90, lasts: 0.1, app: "a" },
  ];
  const { log } = faascache(600, calls);
  // Machines: a 1, b 2, c 3, b 4, a 5.
  assert.deepEqual(
    log.filter((line) => line.includes("kill")),
    ["50 kill 2", "70 kill 1", "90 kill 3"],
  );
});

test("where everything works, an invocation waits until something ends", () => {
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

test("a host bought for twice its peak keeps as much idle as was ever at work at once", () => {
  const calls = ["a", "b", "c", "d"].map((app, i) => ({ at: i * 10, lasts: 1, app }));
  const { log } = faascache(Infinity, calls, 2);
  // One at work at a time: two machines fit.
  assert.deepEqual(
    log.filter((line) => line.includes("kill")),
    ["20 kill 1", "30 kill 2"],
  );
});
