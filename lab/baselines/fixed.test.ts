import { test } from "node:test";
import assert from "node:assert/strict";
import { createClassic } from "./classic.ts";
import { fixedKeepAlive } from "./fixed.ts";
import { play, type Call, type Setting } from "./testing/script.ts";

const NO_LIMITS = { maxMachines: Infinity, maxMemoryMb: Infinity, maxTimesPeak: Infinity };
const MINUTE_MS = 60_000;

function fixed(keepMs: number, calls: Call[], setting?: Setting) {
  return play(() => createClassic(fixedKeepAlive(keepMs), NO_LIMITS), calls, setting);
}

test("a machine is started for an invocation that finds no slot, and killed a minute after its last invocation", () => {
  const { log, outcome } = fixed(MINUTE_MS, [{ at: 0, lasts: 1 }], { endAt: 100 });
  assert.deepEqual(log, ["0 start 1", "0.8 bind 1", "62 kill 1"]);
  assert.equal(outcome.cold, 1);
  assert.equal(outcome.idleMachineSeconds, 60);
});

test("with each invocation the minute begins anew", () => {
  const { log, outcome } = fixed(
    MINUTE_MS,
    [
      { at: 0, lasts: 1 },
      { at: 30, lasts: 2 },
      { at: 91, lasts: 1 },
    ],
    { endAt: 200 },
  );
  assert.deepEqual(log, ["0 start 1", "0.8 bind 1", "152 kill 1"]);
  assert.equal(outcome.cold, 1);
});

test("the machine that fell idle first is not used while there is another, and is killed first", () => {
  const { log } = fixed(
    MINUTE_MS,
    [
      { at: 0, lasts: 1 },
      { at: 0, lasts: 2 },
      { at: 10, lasts: 1 },
    ],
    { endAt: 200 },
  );
  assert.deepEqual(log.slice(-2), ["62 kill 1", "71 kill 2"]);
});

test("one machine is started for as many invocations as it has slots", () => {
  const calls = Array.from({ length: 21 }, () => ({ at: 0, lasts: 1 }));
  assert.equal(fixed(MINUTE_MS, calls, { concurrency: 10 }).outcome.starts, 3);
});

test("a machine that is never kept is killed when its last invocation ends", () => {
  const calls = [
    { at: 0, lasts: 1 },
    { at: 0.5, lasts: 2 },
    { at: 10, lasts: 1 },
  ];
  const { log, outcome } = fixed(0, calls, { concurrency: 2 });
  assert.deepEqual(log, ["0 start 1", "0.8 bind 1", "3 kill 1", "10 start 2", "10.8 bind 2", "12 kill 2"]);
  assert.equal(outcome.idleMachineSeconds, 0);
});

test("a machine that is always kept is never killed", () => {
  const { log, outcome } = fixed(Infinity, [{ at: 0, lasts: 1 }], { endAt: 100_000 });
  assert.deepEqual(log, ["0 start 1", "0.8 bind 1"]);
  assert.equal(outcome.idleMachineSeconds, 99_998);
});
