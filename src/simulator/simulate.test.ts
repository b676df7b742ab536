import { test } from "node:test";
import assert from "node:assert/strict";
import type { MachineId, PolicyCommand } from "../policy/policy.ts";
import { simulate } from "./simulate.ts";
import { listed, LIMITS, oneMachine, scripted, type Heard } from "./testing/scripted.ts";
import { kindOf, usualChoice, usualKind } from "../base/kind/machine-kind.ts";

/** Machines that hold 512 MB until they are bound. */
const machine = { startMs: 200, bindMs: 30, startCpuMs: 190, bindCpuMs: 20, blankMb: 512, speed: 1 };
const worth = { wait: 100, cpu: 10 };
const options = { machine, worth };

test("every figure of a run of one call is what one calculates by hand", () => {
  const outcome = simulate(listed([{ at: 1_000, durationMs: 500 }], { endMs: 10_000 }), scripted(oneMachine(2_000)), options);
  // The machine is started at 1,000, a blank at 1,200, bound at 1,230, at work until 1,730, and idle until 3,730.
  const close = (actual: number, expected: number) => assert.ok(Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`);
  const { invocations, rejected, cold, bindWaits, slotWaits, longWaits, starts, binds, kills, peakMachines, seconds } = outcome;
  assert.deepEqual(
    { invocations, rejected, cold, bindWaits, slotWaits, longWaits, starts, binds, kills, peakMachines, seconds },
    {
      invocations: 1,
      rejected: 0,
      cold: 1,
      bindWaits: 0,
      slotWaits: 0,
      longWaits: 0,
      starts: 1,
      binds: 1,
      kills: 1,
      peakMachines: 1,
      seconds: 10,
    },
  );
  close(outcome.waitMs.mean, 230);
  close(outcome.waitMs.max, 230);
  close(outcome.waitSeconds, 0.23);
  close(outcome.idleMachineSeconds, 2);
  close(outcome.idleGbSeconds, 2);
  close(outcome.blankGbSeconds, 0.23 / 2);
  close(outcome.gbSeconds, 0.23 / 2 + 2.5);
  close(outcome.bringUpCpuSeconds, 0.21);
  close(outcome.cost, 0.23 / 2 + 2.5 + 2.1 + 23);
});

test("a machine that nothing kills holds its memory to the end of the run", () => {
  const outcome = simulate(listed([{ at: 0, durationMs: 1_000 }], { endMs: 60_000 }), scripted(oneMachine(1e9)), options);
  assert.equal(outcome.seconds, 60);
  assert.ok(Math.abs(outcome.idleMachineSeconds - (60 - 1.23)) < 1e-9);
  assert.equal(outcome.kills, 0);
});

test("waits for a start, for a bind and for a slot are told apart", () => {
  const calls = [
    { at: 0, durationMs: 1_000 },
    { at: 210, durationMs: 1_000 },
    { at: 300, durationMs: 10 },
    { at: 2_000, durationMs: 10 },
  ];
  const { cold, bindWaits, slotWaits, longWaits, waitMs } = simulate(listed(calls), scripted(oneMachine(1e9)), options);
  // The third call finds both slots taken until 1,230; the last one finds a slot free.
  assert.deepEqual({ cold, bindWaits, slotWaits, longWaits }, { cold: 1, bindWaits: 1, slotWaits: 1, longWaits: 1 });
  assert.ok(Math.abs(waitMs.mean - (230 + 20 + 930 + 0) / 4) < 1e-9);
  assert.ok(Math.abs(waitMs.p50 - 20) < 0.1);
  assert.equal(waitMs.max, 930);
});

test("CPU is given first come, first served, and the outcome says what that adds to durations", () => {
  const limits = { ...LIMITS, concurrency: 10 };
  const calls = [1, 2, 3].map(() => ({ at: 0, durationMs: 150, cpuMs: 100 }));
  const heard: Heard[] = [];
  const outcome = simulate(listed(calls, { limits }), scripted(oneMachine(1e9, { slots: 10 }), heard), options);
  // The calls get their CPU from 230 to 330, 430 and 530; each then waits for the other 50 ms of its duration.
  assert.deepEqual(
    heard.filter(({ event }) => event.type === "finish").map(({ now }) => now),
    [380, 480, 580],
  );
  assert.ok(Math.abs(outcome.delaySeconds - 0.3) < 1e-9);
  assert.equal(outcome.delayMs.mean, 100);
});

test("a machine twice as fast computes in half the time", () => {
  const heard: Heard[] = [];
  const fast = { ...options, machine: { ...machine, speed: 2 } };
  simulate(listed([{ at: 0, durationMs: 150, cpuMs: 100 }]), scripted(oneMachine(1e9), heard), fast);
  assert.equal(heard.find(({ event }) => event.type === "finish")?.now, 230 + 50 + 50);
});

test("a busy machine reports every second, and once after its last work", () => {
  const heard: Heard[] = [];
  const calls = [
    { at: 0, durationMs: 1_500, cpuMs: 500 },
    { at: 0, durationMs: 400, cpuMs: 100 },
  ];
  simulate(listed(calls, { endMs: 10_000 }), scripted(oneMachine(1e9), heard), options);
  const reports = heard.flatMap(({ event, now }) => (event.type === "stats" ? [{ now, ...event.stats }] : []));
  // The machine uses 600 ms of CPU in the first second. What is left to compute falls from 600 to 0 ms: its mean over the second is 180 ms.
  assert.deepEqual(
    reports.map(({ now, cpu, loopDelayMs }) => [now, cpu, loopDelayMs]),
    [
      [1_230, 0.6, 180],
      [2_230, 0, 0],
    ],
  );
  assert.equal(reports[0]?.memoryBytes, 2 ** 30);
});

test("of what is due at the same time machines come first, then arrivals, then the tick", () => {
  const heard: Heard[] = [];
  const calls = [
    { at: 0, durationMs: 270 },
    { at: 500, durationMs: 10 },
  ];
  const one = oneMachine(0);
  const policy = scripted((event, now) => (event.type === "tick" && now === 0 ? [{ type: "wake", at: 500 }] : one(event, now)), heard);
  simulate(listed(calls), policy, options);
  const at500 = heard.filter(({ now }) => now === 500).map(({ event }) => event.type);
  assert.deepEqual(at500.slice(0, 3), ["finish", "arrive", "tick"]);
});

test("the series shows demand, slots, machines and memory, in at most a few hundred points", () => {
  const workload = listed([{ at: 1_000, durationMs: 1_000 }], { endMs: 3_600_000 });
  const { series } = simulate(workload, scripted(oneMachine(1e9)), { ...options, series: true });
  assert.ok(series !== undefined && series.length > 200 && series.length <= 512, `${series?.length} points`);
  assert.deepEqual(series[0], { atSeconds: 0, inFlight: 0, waiting: 0, slots: 0, machines: 0, memoryMb: 0 });
  assert.deepEqual(series.at(-1), { atSeconds: series.at(-1)?.atSeconds, inFlight: 0, waiting: 0, slots: 2, machines: 1, memoryMb: 1_024 });
  const short = simulate(listed([{ at: 1_000, durationMs: 1_000 }]), scripted(oneMachine(1e9)), { ...options, series: true });
  assert.ok(short.series?.some(({ inFlight, slots }) => inFlight === 1 && slots === 2));
  assert.ok(short.series?.some(({ waiting, memoryMb }) => waiting === 1 && memoryMb === 512));
});

const TEST = { kind: "other-rule", rule: "a test" } as const;
const START: PolicyCommand = { type: "start", machine: 1, kind: usualKind, urgent: true, revision: null, why: TEST };
const bind = (machine: MachineId, app = "ada"): PolicyCommand => ({ type: "bind", machine, revision: app, why: TEST });
const kill = (machine: MachineId): PolicyCommand => ({ type: "kill", machine, why: TEST });
const assign = (invocation: number): PolicyCommand => ({ type: "assign", invocation, machine: 1 });

test("a policy that breaks a rule is stopped with an error that names the rule", () => {
  const broken: [rule: RegExp, script: Record<string, PolicyCommand[]>][] = [
    [/uses the id 1 for a second machine/, { arrive: [START, START] }],
    [/speaks of machine 1, which is not there/, { arrive: [assign(1)] }],
    [/binds a machine that is starting/, { arrive: [START, bind(1)] }],
    [/binds a machine to bob, which is no app/, { arrive: [START], blank: [bind(1, "bob")] }],
    [/binds a machine to ada, which is of another kind/, { arrive: [{ ...START, kind: kindOf(usualChoice, "osv") }], blank: [bind(1)] }],
    [/assigns to a machine that is blank/, { arrive: [START], blank: [assign(1)] }],
    [/assigns or rejects an invocation that does not wait/, { arrive: [START], blank: [bind(1)], bound: [assign(1), assign(1)] }],
    [/assigns over the app's concurrency/, { arrive: [START], blank: [bind(1)], bound: [assign(1), assign(2), assign(3)] }],
    [/kills a machine with work/, { arrive: [START], blank: [bind(1)], bound: [assign(1), kill(1)] }],
    [/kills a machine twice/, { arrive: [START, kill(1), kill(1)] }],
    [/drains a machine that is starting/, { arrive: [START, { type: "drain", machine: 1, why: TEST }] }],
    [/asks for a tick at 0 ms again and again/, { tick: [{ type: "wake", at: 0 }] }],
    [/leaves 3 invocations waiting for ever/, {}],
    [/has more machines than the host may have/, { arrive: [START, { ...START, machine: 2 }, { ...START, machine: 3 }] }],
  ];
  for (const [rule, script] of broken) {
    const calls = [1, 2, 3].map(() => ({ at: 0, durationMs: 1_000 }));
    let arrived = false;
    const policy = scripted(({ type }) => {
      if (type === "arrive" && arrived) return [];
      arrived ||= type === "arrive";
      return script[type] ?? [];
    });
    assert.throws(() => simulate(listed(calls), policy, { ...options, maxMachines: 2 }), rule);
  }
});

test("a call cannot be assigned to another app's machine", () => {
  const calls = [{ at: 0, durationMs: 10, app: 1 }];
  const policy = scripted(({ type }) => ({ arrive: [START], blank: [bind(1, "ada")], bound: [assign(1)] })[type as "arrive"] ?? []);
  assert.throws(() => simulate(listed(calls, { apps: ["ada", "bob"] }), policy, options), /another app's machine/);
});

test("a machine that is killed while it starts never comes up, and the machine that gets its place comes up no earlier for it", () => {
  const heard: Heard[] = [];
  const script: Record<string, PolicyCommand[]> = { arrive: [START, kill(1)], exit: [{ ...START, machine: 2 }], blank: [bind(2)] };
  const policy = scripted(
    (event) => (event.type === "bound" ? [{ ...assign(1), machine: 2 } as PolicyCommand] : (script[event.type] ?? [])),
    heard,
  );
  simulate(listed([{ at: 0, durationMs: 10 }]), policy, options);
  assert.deepEqual(
    heard.filter(({ event }) => event.type === "blank" || event.type === "bound").map(({ event, now }) => [event.type, now]),
    [
      ["blank", 200],
      ["bound", 230],
    ],
  );
});
