import { test } from "node:test";
import assert from "node:assert/strict";
import { createClassic } from "./classic.ts";
import { openWhisk, toAdd } from "./openwhisk.ts";
import { play, type Call, type Setting } from "./testing/script.ts";
import { usualKind } from "../../src/base/kind/machine-kind.ts";

function openwhisk(calls: Call[], setting?: Setting) {
  return play(() => createClassic(openWhisk(), { maxMachines: Infinity, maxMemoryMb: Infinity, maxTimesPeak: Infinity }), calls, setting);
}

const limits = {
  concurrency: 10,
  minMachines: 0,
  maxMachines: 100,
  reservedBlanks: 0,
  waitWorth: null,
  queue: 1_000,
  kind: usualKind,
};

function app(bound: number, coming: number, durations: number[], concurrency = 10) {
  return { bound, coming, limits: { ...limits, concurrency }, memory: { last: durations, next: 0 } };
}

test("for an app without a machine one is added, however many invocations wait", () => {
  assert.equal(toAdd(app(0, 0, []), 0, 50), 1);
  assert.equal(toAdd(app(0, 0, [100]), 50, 0), 1);
});

test("before any invocation ended, machines are added only for stale ones", () => {
  assert.equal(toAdd(app(0, 1, []), 0, 50), 0);
  // ceil(25 / 10) - 1
  assert.equal(toAdd(app(0, 1, []), 25, 0), 2);
});

test("stale invocations ask for the machines that would serve them in 100 ms, at most one for each", () => {
  // A machine of 10 slots serves 2 invocations of 500 ms in 100 ms: ceil(9 / 2) - 1.
  assert.equal(toAdd(app(2, 1, [500]), 9, 0), 4);
  // A machine of 1 slot serves 0.5 invocations of 200 ms in 100 ms: min(ceil(4 / 0.5), 4) - 1.
  assert.equal(toAdd(app(2, 1, [200], 1), 4, 0), 3);
  assert.equal(toAdd(app(2, 9, [500]), 9, 0), 0);
});

test("fresh invocations ask for machines if they outnumber the machines and what these can serve in 100 ms", () => {
  // Machines of 1 slot serve 0.5 invocations of 200 ms each: ceil(10 / 0.5 - 2) is over 10 - 2.
  assert.equal(toAdd(app(2, 0, [200], 1), 0, 10), 8);
  // Machines of 10 slots serve 10 invocations of 100 ms each: ceil(45 / 10 - 2).
  assert.equal(toAdd(app(2, 0, [100]), 0, 45), 3);
  assert.equal(toAdd(app(2, 0, [100]), 0, 19), 0);
  // Both parts count: 3, and ceil(20 / 10) - 0.
  assert.equal(toAdd(app(2, 0, [100]), 20, 45), 5);
});

test("two stem cells are ready from the start; the one that is taken is replaced; a machine goes after ten idle minutes", () => {
  const { log, outcome } = openwhisk([{ at: 5, lasts: 1 }], { endAt: 700 });
  assert.deepEqual(log, ["0 start 1", "0 start 2", "5 bind 1", "5 start 3", "606.2 kill 1"]);
  assert.equal(outcome.bindWaits, 1);
  assert.equal(outcome.cold, 0);
});

test("cold starts bring up to four stem cells for a minute", () => {
  const calls = Array.from({ length: 10 }, (_, i) => ({ at: 5, lasts: 1, app: `app-${i}` }));
  const { log } = openwhisk(calls, { endAt: 150 });
  // Two calls take the cells, eight start machines of their own; a minute later there are two more cells, and another minute later these go.
  assert.deepEqual(
    log.filter((line) => line.startsWith("65 ")).map((line) => line.split(" ")[1]),
    ["start", "start"],
  );
  assert.deepEqual(
    log.filter((line) => line.startsWith("125 ")).map((line) => line.split(" ")[1]),
    ["kill", "kill"],
  );
});
