/** A machine's report covers the time since its last report, or since its last rest: the rest is no part of what it did. */
import { test } from "node:test";
import assert from "node:assert/strict";
import { createPackingPolicy } from "./packing.ts";
import type { PolicyEvent } from "./policy.ts";
import { USUAL } from "./testing/kinds.ts";
import { roomyHost } from "./testing/roomy-host.ts";

const HOST = { ...roomyHost, blanks: 1, idleMs: null, maxMachines: 2 };
const LIMITS = {
  concurrency: 1_000,
  minMachines: 1,
  maxMachines: 1,
  reservedBlanks: 0,
  waitWorth: null,
  queue: 100,
  kind: USUAL,
};

test("a call of 200 ms with 2 ms of CPU is learned as that, however long the machine rested before", () => {
  const policy = createPackingPolicy(HOST);
  let machine = 0;
  const send = (event: PolicyEvent, now: number): void => {
    for (const command of policy.step(policy.state, event, now)) {
      if (command.type === "start") send({ type: "blank", machine: command.machine }, now);
      if (command.type === "bind") send({ type: "bound", machine: (machine = command.machine) }, now);
    }
  };
  send({ type: "revision", revision: "ada", app: "ada", limits: LIMITS, inherits: null }, 0);
  for (let call = 1; call <= 80; call++) {
    const now = call * 60_000;
    send({ type: "arrive", invocation: call, revision: "ada" }, now);
    send({ type: "finish", invocation: call }, now + 200);
    send({ type: "stats", machine, stats: { cpu: 0.002, memoryBytes: 2e7, loopDelayMs: 0 } }, now + 1_000);
  }
  const { cpuMs = 0 } = policy.state.revisions.get("ada") ?? {};
  assert.ok(Math.abs(cpuMs - 2) < 0.2, `${cpuMs} ms of CPU a call`);
});
