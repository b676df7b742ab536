import assert from "node:assert/strict";
import { test } from "node:test";
import { openSource } from "./study/source.ts";
import { type DemandRules, MOST_CALLS, type RecordedDemand, WhatIf } from "./what-if.ts";

const rules: DemandRules = {
  blanks: 1,
  idleMs: 1_000,
  waitWorth: 100,
  cpuWorth: 9,
  maxMachines: 100,
  startsPerSecond: 20,
  concurrency: 1,
  minMachines: 0,
  appMaxMachines: 20,
  queue: 1_000,
  memoryMb: 256,
  vcpus: 1,
};

/** A call every ten seconds for half an hour, of 100 ms. */
const demand: RecordedDemand = {
  slotMs: 1_000,
  from: 1_000_000,
  arrivals: Array.from({ length: 1_800 }, (_, second) => (second % 10 === 0 ? 1 : 0)),
  ran: [[90, 180]],
  ranMeanMs: 100,
  binds: 1,
  machineSeconds: 1_800,
  gbSeconds: 90,
  cpuSeconds: 2,
  rules,
  machines: { startMs: 300, bindMs: 40 },
};
const prices = { vcpuSecond: 0.01, gbSecond: 0.001 };

function played(changes: Partial<DemandRules> = {}, recorded = demand) {
  const run = new WhatIf(recorded, { ...rules, ...changes }, prices);
  let turns = 1;
  while (!run.advance(50)) turns++;
  return { ...run.played(), turns, from: run.from };
}

test("machines that are kept for longer cost more, and calls wait less", () => {
  const [short, long] = [played(), played({ idleMs: 60_000 })];
  assert.deepEqual([short.calls, long.calls], [180, 180]);
  assert.ok(short.binds > 150 && long.binds === 1, `${short.binds} and ${long.binds} binds`);
  assert.ok(short.waitMs.p50 > 30 && long.waitMs.p50 === 0);
  assert.ok(
    long.machineSeconds > 1_700 && short.machineSeconds < 400,
    `${long.machineSeconds} and ${short.machineSeconds} machine-seconds`,
  );
  assert.ok(long.gbSeconds > short.gbSeconds);
  assert.ok(short.turns > 5);
});

test("a run that goes on in turns is the same as one that does not, and the same each time", () => {
  const whole = new WhatIf(demand, rules, prices);
  assert.ok(whole.advance(Infinity));
  const { turns: _turns, from: _from, ...inTurns } = played();
  assert.deepEqual(inTurns, whole.played());
});

test("bounds of machines and of the queue hold, and what does not fit is refused", () => {
  const burst = { ...demand, arrivals: [50, 0, 0, 0], ran: [[1_000, 50]] as const, ranMeanMs: 1_000, binds: 5 };
  const few = played({ appMaxMachines: 2, queue: 10 }, burst);
  assert.ok(few.peakMachines <= 4, String(few.peakMachines));
  assert.ok(few.refused > 20, String(few.refused));
  assert.ok(played({ appMaxMachines: 20 }, burst).refused === 0);
});

test("of very many calls the last are played, and a recording of nothing is played, too", () => {
  const many = { ...demand, arrivals: Array.from({ length: 100 }, () => 10_000), ran: [[1, 1]] as const, ranMeanMs: 1 };
  assert.equal(new WhatIf(many, rules, prices).from, many.from + (100 - MOST_CALLS / 10_000) * 1_000);
  assert.equal(played({}, { ...demand, arrivals: [], ran: [] }).calls, 0);
});

test("a study plays the demand with the machines and the rules of the server that recorded it", () => {
  const { workload, live } = openSource({ demand, of: "shop" }, 1);
  assert.deepEqual([live?.binds, live?.machine.startMs, live?.machine.bindMs, live?.options.idleMs], [1, 300, 40, 1_000]);
  let [calls, ms] = [0, 0];
  for (; workload.next(); calls++) ms += workload.durationMs;
  assert.equal(calls, 180);
  assert.ok(Math.abs(ms / calls - 100) < 5, String(ms / calls));
});
