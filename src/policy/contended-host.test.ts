/** A host with more work than CPUs: a machine that computes gets a part of a CPU, and its event loop is as busy as before. */
import { test } from "node:test";
import assert from "node:assert/strict";
import { slotsOf } from "./explain.ts";
import { createPackingPolicy } from "./packing.ts";
import type { PolicyEvent } from "./policy.ts";
import { USUAL } from "./testing/kinds.ts";
import { roomyHost } from "./testing/roomy-host.ts";

const HOST = { ...roomyHost, blanks: 1, idleMs: null, maxMachines: 2 };
const LIMITS = {
  concurrency: 1_000,
  minMachines: 0,
  maxMachines: 1,
  reservedBlanks: 0,
  waitWorth: null,
  queue: 100,
  kind: USUAL,
};

for (const given of [1, 0.6, 0.3, 0.15])
  test(`six callers of a function that computes for 50 ms, on ${given} of a CPU, end up with one or two at once`, () => {
    const slots = slotsAfter(30_000, 50 / given, given);
    assert.ok(slots >= 1 && slots <= 2, `${slots} slots`);
  });

/** Plays callers that call again at once, on one machine, whose loop takes `turnMs` for each call. */
function slotsAfter(ms: number, turnMs: number, cpu: number): number {
  const policy = createPackingPolicy(HOST);
  const running: number[] = [];
  let invocation = 0;
  const send = (event: PolicyEvent, now: number): void => {
    for (const command of policy.step(policy.state, event, now)) {
      if (command.type === "start") send({ type: "blank", machine: command.machine }, now);
      if (command.type === "bind") send({ type: "bound", machine: command.machine }, now);
      if (command.type === "assign") running.push(command.invocation);
    }
  };
  const arrive = (now: number) => send({ type: "arrive", invocation: ++invocation, revision: "ada" }, now);
  send({ type: "revision", revision: "ada", app: "ada", limits: LIMITS, inherits: null }, 0);
  for (let i = 0; i < 6; i++) arrive(0);
  for (let [now, toldAt] = [turnMs, 0]; now < ms; now += turnMs) {
    const first = running.shift();
    if (first !== undefined) send({ type: "finish", invocation: first }, now);
    arrive(now);
    if (now - toldAt < 1_000) continue;
    toldAt = now;
    const [machine] = policy.state.revisions.get("ada")?.machines ?? [];
    const loopDelayMs = turnMs * Math.max(0.5, running.length - 0.5);
    send({ type: "stats", machine: machine ?? 0, stats: { cpu, memoryBytes: 2e7, loopDelayMs } }, now);
  }
  return slotsOf(policy.state, "ada");
}
