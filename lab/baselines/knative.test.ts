import { test } from "node:test";
import assert from "node:assert/strict";
import { createClassic } from "./classic.ts";
import { knative } from "./knative.ts";
import { play, type Call, type Setting } from "./testing/script.ts";

const NO_LIMITS = { maxMachines: Infinity, maxMemoryMb: Infinity, maxTimesPeak: Infinity };

function kpa(calls: Call[], setting?: Setting) {
  return play(() => createClassic(knative(1), NO_LIMITS), calls, setting);
}

function many(count: number, call: Call): Call[] {
  return Array.from({ length: count }, () => call);
}

test("the first invocation of an app at zero starts a machine at once", () => {
  assert.equal(kpa([{ at: 3.3, lasts: 1 }]).log[0], "3.3 start 1");
});

test("an app goes to zero 30 s after a whole minute without traffic", () => {
  const { log } = kpa([{ at: 0, lasts: 1 }], { endAt: 200 });
  // The call ended at 2 s: at 62 s the window is empty.
  assert.deepEqual(log.slice(2), ["92 drain 1", "92 kill 1"]);
});

test("in calm an app has as many machines as the mean of the minute asks for at 70 % of the concurrency", () => {
  // 8 invocations at once on machines of 10 slots: 8 / 7 needs 2 machines, from the first tick on, whose window is as long as the run so far.
  const { log, outcome } = kpa(many(8, { at: 0, lasts: 100 }), { concurrency: 10 });
  assert.deepEqual(
    log.filter((line) => line.includes("start")),
    ["0 start 1", "2 start 2"],
  );
  assert.equal(outcome.peakMachines, 2);
});

test("in panic, when six seconds ask for twice the ready machines, these count at once, and no machine goes for a minute after", () => {
  const calls = [{ at: 0, lasts: 200 }, ...many(29, { at: 100, lasts: 20 })];
  const { log } = kpa(calls, { concurrency: 10, endAt: 210 });
  // At 102 s: 118 / 60 / 7 → 1 in calm, (4 + 60) / 6 / 7 → 2 in panic, of 1 ready. 104 s: 122 / 6 / 7 → 3. 106 s: 30 / 7 → 5.
  assert.deepEqual(
    log.filter((line) => line.includes("start")),
    ["0 start 1", "102 start 2", "104 start 3", "106 start 4", "106 start 5"],
  );
  // The last call for panic was at 102 s; all but one end at about 120 s, and the first tick more than 60 s after 102 s is at 164 s.
  assert.ok(log.findIndex((line) => line.includes("drain")) >= 0);
  assert.equal(log.find((line) => line.includes("drain"))?.split(" ")[0], "164");
});

test("in calm at most half of the ready machines go in one tick", () => {
  const { log } = kpa(many(8, { at: 0, lasts: 100 }), { endAt: 300 });
  const drains = log.filter((line) => line.includes("drain")).map((line) => line.split(" ")[0]);
  const first = drains.filter((at) => at === drains[0]).length;
  assert.ok(first <= 4, `${first} at ${drains[0]} s`);
});

test("invocations are spread over the machines that are ready", () => {
  const calls = [...many(8, { at: 0, lasts: 60 }), ...Array.from({ length: 200 }, (_, i) => ({ at: 20 + i * 0.1, lasts: 1 }))];
  const fullest = mostInFlight(calls, 100);
  assert.ok(fullest < 12, `one machine has ${fullest} at once of 18`);
});

/** The numbers of invocations on each machine after 20 s. The run starts with a rush, so that there are several machines. */
function mostInFlight(calls: Call[], concurrency: number): number {
  const { state, step } = createClassic(knative(1), NO_LIMITS);
  let most = 0;
  play(
    () => ({
      state,
      step: (given: typeof state, event, now) => {
        const commands = step(given, event, now);
        if (now > 20_000) for (const { inFlight } of given.machines.values()) most = Math.max(most, inFlight);
        return commands;
      },
    }),
    [...many(140, { at: 0, lasts: 15 }), ...calls].toSorted((a, b) => a.at - b.at),
    { concurrency },
  );
  return most;
}
