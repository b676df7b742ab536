/** A machine uses some CPU of its own, for a sandbox's kernel or an agent's timers. With little in flight that is most of what is counted, and says nothing of the invocations. */
import { test } from "node:test";
import assert from "node:assert/strict";
import { slotsOf } from "./explain.ts";
import { createPackingPolicy } from "./packing.ts";
import type { PolicyEvent } from "./policy.ts";
import { USUAL } from "./testing/kinds.ts";
import { roomyHost } from "./testing/roomy-host.ts";

const HOST = { ...roomyHost, blanks: 1, idleMs: null, maxMachines: 9 };
const LIMITS = {
  concurrency: 1_000,
  minMachines: 1,
  maxMachines: 9,
  reservedBlanks: 0,
  waitWorth: null,
  queue: 100,
  kind: USUAL,
};

for (const [perSecond, callMs, callCpuMs, ownCpuMs] of [
  [3, 52, 2, 30],
  [1, 105, 5, 60],
] as const)
  test(`${perSecond} calls a second of ${callMs} ms with ${callCpuMs} of CPU, on a machine that uses ${ownCpuMs} ms a second itself, keep at least eight slots`, () => {
    const policy = createPackingPolicy({ ...HOST, waitWorth: 20 });
    let machine = 0;
    const send = (event: PolicyEvent, now: number): void => {
      for (const command of policy.step(policy.state, event, now)) {
        if (command.type === "start") send({ type: "blank", machine: command.machine }, now);
        if (command.type === "bind") send({ type: "bound", machine: (machine = command.machine) }, now);
      }
    };
    send({ type: "revision", revision: "ada", app: "ada", limits: LIMITS, inherits: null }, 0);
    const stats = { cpu: (perSecond * callCpuMs + ownCpuMs) / 1_000, memoryBytes: 2e7, loopDelayMs: 0.5 };
    for (let second = 1, invocation = 0; second <= 60; second++) {
      for (let call = 0; call < perSecond; call++) {
        const now = second * 1_000 + (call * 1_000) / perSecond;
        send({ type: "arrive", invocation: ++invocation, revision: "ada" }, now);
        send({ type: "finish", invocation }, now + callMs);
      }
      send({ type: "stats", machine, stats }, second * 1_000 + 999);
    }
    assert.ok(slotsOf(policy.state, "ada") >= 8, `${slotsOf(policy.state, "ada")} slots`);
  });
