/** Runs of the real policy over generated workloads: what holds whatever the policy decides. */
import { test } from "node:test";
import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createPackingPolicy, type PackingOptions } from "../policy/packing.ts";
import type { PolicyCommand, PolicyEvent, Step } from "../policy/policy.ts";
import { qemuMachines } from "./machine-models.ts";
import { simulate } from "./simulate.ts";
import type { SimulatedPolicy } from "./simulator.ts";
import { families } from "./workloads/families.ts";
import { roomyHost } from "../dispatch/testing/roomy-host.ts";

const OPTIONS: PackingOptions = { ...roomyHost, blanks: 2, idleMs: null, maxMachines: 60 };
const SIMULATION = { machine: qemuMachines, worth: { wait: 100, cpu: 9 }, maxMachines: OPTIONS.maxMachines };

/** @param hear is called with each event and its commands */
function ours(options: PackingOptions, hear: (event: PolicyEvent, commands: PolicyCommand[]) => void = () => {}): SimulatedPolicy {
  return {
    name: "ours",
    create() {
      const { state, step } = createPackingPolicy(options);
      const listened: Step<typeof state> = (own, event, now) => {
        const commands = step(own, event, now);
        hear(event, commands);
        return commands;
      };
      return { state, step: listened };
    },
  };
}

const HOURS = { bursts: 0.2, wait50: 0.002, spin50: 0.01, mix50: 0.001 } as Record<string, number>;

test("every invocation that arrives ends exactly once, and the figures add up", () => {
  for (const [name, family] of Object.entries(families)) {
    const open = new Set<number>();
    const seen = { arrive: 0, finish: 0, reject: 0, exit: 0 };
    const policy = ours(OPTIONS, (event, commands) => {
      if (event.type in seen) seen[event.type as "exit"]++;
      if (event.type === "arrive") open.add(event.invocation);
      if (event.type === "finish") assert.ok(open.delete(event.invocation), `${name}: ${event.invocation} ends twice`);
      for (const command of commands)
        if (command.type === "reject") {
          seen.reject++;
          assert.ok(open.delete(command.invocation));
        }
    });
    const outcome = simulate(family(3, HOURS[name] ?? 0.3, 5), policy, SIMULATION);
    assert.equal(open.size, 0, name);
    assert.deepEqual(
      [outcome.invocations, outcome.invocations - outcome.rejected, outcome.rejected, outcome.kills],
      [seen.arrive, seen.finish, seen.reject, seen.exit],
      name,
    );
    const { cold, bindWaits, slotWaits, invocations, gbSeconds, idleGbSeconds, blankGbSeconds, starts, kills, peakMachines } = outcome;
    assert.ok(cold + bindWaits + slotWaits <= invocations);
    assert.ok(idleGbSeconds + blankGbSeconds <= gbSeconds * (1 + 1e-9), name);
    assert.ok(kills <= starts && peakMachines <= OPTIONS.maxMachines, name);
    const cost = gbSeconds + outcome.bringUpCpuSeconds * 9 + (outcome.waitSeconds + outcome.delaySeconds) * 100;
    assert.ok(Math.abs(outcome.cost - cost) <= 1e-9 * cost, name);
  }
});

test("the same run twice gives the same figures", () => {
  const run = () => simulate(families.bursty(5, 0.3, 10), ours(OPTIONS), { ...SIMULATION, series: true });
  assert.deepEqual(run(), run());
});

test("memory does not grow with the length of a run", () => {
  const workload = families.steady(9, 1_000, 3);
  const looks: number[] = [];
  const next = workload.next.bind(workload);
  let count = 0;
  workload.next = () => {
    if (++count % 40_000 === 0) looks.push(bytesInUse());
    return count < 160_001 && next();
  };
  // The workload ends days after its last call.
  simulate(workload, ours({ ...OPTIONS, idleMs: 1_000 }), SIMULATION);
  const [first, ...others] = looks as [number, ...number[]];
  assert.equal(others.length, 3);
  for (const each of others) assert.ok(each < first + 1_000_000, `${looks.map((look) => Math.round(look / 1_000)).join(", ")} kB`);
});

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

function bytesInUse(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
