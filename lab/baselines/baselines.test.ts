import { test } from "node:test";
import assert from "node:assert/strict";
import { qemuMachines } from "../../src/simulator/machine-models.ts";
import { simulate } from "../../src/simulator/simulate.ts";
import type { Outcome } from "../../src/simulator/simulator.ts";
import { families } from "../../src/simulator/workloads/families.ts";
import { oracle } from "../oracle/oracle.ts";
import { baselines } from "./baselines.ts";

const options = { machine: qemuMachines, worth: { wait: 100, cpu: 9 } };

test("every baseline serves all calls of a generated workload, and the baselines rank as is known of them", () => {
  const open = () => families.timers(3, 3, 18);
  const outcomes = new Map<string, Outcome>(baselines.map((policy) => [policy.name, simulate(open(), policy, options)]));
  const of = (name: string) => outcomes.get(name) as Outcome;
  const limit = oracle(open(), options);
  for (const [name, { invocations, rejected, cost }] of outcomes) {
    assert.equal(invocations, limit.invocations, name);
    assert.equal(rejected, 0, name);
    assert.ok(cost > limit.cost, `${name} costs less than the oracle`);
  }
  const byKeeping = ["never", "fixed-1min", "fixed-10min", "fixed-20min", "always"].map(of);
  for (const [i, longer] of byKeeping.slice(1).entries()) {
    const shorter = byKeeping[i] as Outcome;
    assert.ok(longer.cold < shorter.cold, `${longer.policy} starts cold as often as ${shorter.policy}`);
    assert.ok(longer.idleGbSeconds > shorter.idleGbSeconds, `${longer.policy} holds no more than ${shorter.policy}`);
  }
  assert.ok(of("hybrid").cold < of("fixed-10min").cold);
  assert.ok(of("hybrid").idleGbSeconds < of("fixed-10min").idleGbSeconds);
});

test("the same run twice gives the same outcome", () => {
  for (const policy of baselines)
    assert.deepEqual(simulate(families.bursty(4, 1, 5), policy, options), simulate(families.bursty(4, 1, 5), policy, options));
});
