import { test } from "node:test";
import assert from "node:assert/strict";
import { createClassic } from "./classic.ts";
import { hybridHistogram, windowsOf } from "./hybrid.ts";
import { addIdleTime, createIdleHistogram, RANGE_MS } from "./idle-histogram.ts";
import { play, type Call } from "./testing/script.ts";

const MINUTE_MS = 60_000;

function after(...idleMinutes: number[]) {
  const histogram = createIdleHistogram();
  for (const minutes of idleMinutes) addIdleTime(histogram, minutes * MINUTE_MS);
  return windowsOf(histogram);
}

function inMinutes({ loadAfter, unloadAfter }: { loadAfter: number; unloadAfter: number }) {
  return [loadAfter / MINUTE_MS, unloadAfter / MINUTE_MS].map((minutes) => Number(minutes.toFixed(6)));
}

function times(count: number, minutes: number): number[] {
  return Array.from({ length: count }, () => minutes);
}

test("with nothing known, a machine is kept for the whole range", () => {
  assert.deepEqual(after(), { loadAfter: 0, unloadAfter: RANGE_MS });
});

test("a machine is there from the lower edge of the 5th percentile's bin less a tenth to the upper edge of the 99th's plus a tenth", () => {
  // Of 100 idle times the 5th is in minute 10, the 99th in minute 30.
  assert.deepEqual(inMinutes(after(...times(4, 3.5), ...times(50, 10.2), ...times(44, 20.9), 30.1, 60)), [9, 34.1]);
  // With one more below these, the 5th percentile is in minute 3.
  assert.deepEqual(inMinutes(after(...times(5, 3.5), ...times(49, 10.2), ...times(44, 20.9), 30.1, 60)), [2.7, 34.1]);
});

test("an app that is called often has no pre-start, and its machine is kept for little more than a minute", () => {
  assert.deepEqual(inMinutes(after(...times(1_000, 0.01), 5)), [0, 1.1]);
});

test("with idle times all over the range a machine is kept for all of it", () => {
  const everywhere = Array.from({ length: 240 }, (_, minute) => minute + 0.5);
  assert.deepEqual(after(...everywhere), { loadAfter: 0, unloadAfter: RANGE_MS });
});

test("with half of the idle times out of range a machine is there from 15 % before to 15 % after the median of the last ten", () => {
  assert.deepEqual(
    inMinutes(after(10, 300, 320, 310)),
    [260.95, 353.05].map((minutes) => Number((minutes * (305 / 307)).toFixed(6))),
  );
  assert.deepEqual(inMinutes(after(...times(20, 400), ...times(10, 300))), [255, 345]);
  assert.deepEqual(inMinutes(after(10, 10, 300)), [9, 12.1]);
});

test("an app that never falls idle does not keep the machines of its rush", () => {
  const calls = [
    ...Array.from({ length: 10 }, () => ({ at: 0, lasts: 1 })),
    ...Array.from({ length: 300 }, (_, i) => ({ at: 2.5 + i, lasts: 1.2 })),
  ];
  const { outcome } = play(
    () => createClassic(hybridHistogram(), { maxMachines: Infinity, maxMemoryMb: Infinity, maxTimesPeak: Infinity }),
    calls,
  );
  assert.equal(outcome.peakMachines, 10);
  assert.ok(outcome.idleMachineSeconds < 10 * 80, `${outcome.idleMachineSeconds} s idle`);
});

test("a timer's machine is unloaded at once, loaded again before the next call, and unloaded after it", () => {
  const calls: Call[] = [0, 600, 1_200].map((at) => ({ at, lasts: 1 }));
  const { log, outcome } = play(
    () => createClassic(hybridHistogram(), { maxMachines: Infinity, maxMemoryMb: Infinity, maxTimesPeak: Infinity }),
    calls,
    {
      endAt: 3_000,
    },
  );
  // The first idle time, from 2 to 600 s, is in minute 9: the app is loaded after 8.1 min, and held to the end of the 11th minute.
  assert.deepEqual(log.slice(0, 7), [
    "0 start 1",
    "0.8 bind 1",
    "601 kill 1",
    "1087 start 2",
    "1087.8 bind 2",
    "1201 kill 2",
    "1687 start 3",
  ]);
  assert.equal(log.at(-1), "1861 kill 3");
  assert.equal(outcome.cold, 1);
});
