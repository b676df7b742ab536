/** Revisions of which hardly any idle times are known: their machines are held by the ski-rental rule. */
import { test } from "node:test";
import assert from "node:assert/strict";
import { explainApp } from "./explain.ts";
import { live, tell, worldOf } from "./testing/learning-world.ts";
import { createPackingPolicy } from "./packing.ts";
import type { PolicyCommand, PolicyEvent } from "./policy.ts";
import { USUAL } from "./testing/kinds.ts";
import { roomyHost } from "./testing/roomy-host.ts";

const HOST = { ...roomyHost, blanks: 1, idleMs: null, maxMachines: 2 };
const LIMITS = {
  concurrency: 100,
  minMachines: 0,
  maxMachines: 1,
  reservedBlanks: 0,
  waitWorth: null,
  queue: 100,
  kind: USUAL,
};

test("after its first call a machine is held until that has cost as much as a start, and then killed", () => {
  const policy = createPackingPolicy(HOST);
  const kills: number[] = [];
  let wakeAt = Infinity;
  const obey = (command: PolicyCommand, now: number): void => {
    if (command.type === "start") send({ type: "blank", machine: command.machine }, now + 200);
    if (command.type === "bind") send({ type: "bound", machine: command.machine }, now + 30);
    if (command.type === "kill") kills.push(now);
    if (command.type === "wake") wakeAt = command.at;
  };
  const send = (event: PolicyEvent, now: number): void => policy.step(policy.state, event, now).forEach((command) => obey(command, now));
  send({ type: "revision", revision: "ada", app: "ada", limits: LIMITS, inherits: null }, 0);
  send({ type: "arrive", invocation: 1, revision: "ada" }, 1_000);
  send({ type: "finish", invocation: 1 }, 2_000);
  for (let ticks = 0; kills.length === 0 && ticks < 1_000 && wakeAt < Infinity; ticks++) {
    const now = wakeAt;
    wakeAt = Infinity;
    send({ type: "tick" }, now);
  }
  assert.ok((kills[0] ?? 0) > 12_000, `killed at ${kills[0]} ms, idle since 2000 ms`);
});

test("a machine that uses CPU with nothing to do is held for less, and the sentence about its costs says so", () => {
  const heldFor = (idleCpu: number) => {
    const world = worldOf({ ada: {} });
    const invocation = world.arrive("ada");
    live(world, 1_000);
    const [machine] = world.inPhase("bound");
    tell(world, machine!, 0.1);
    world.finish(invocation);
    const since = world.now;
    live(world, 10_000);
    world.send({ type: "rested", machine: machine!.id, cpu: idleCpu });
    assert.equal((explainApp(world.state, "ada", world.now)?.learned?.costs.idleCpu ?? 0) > 0, idleCpu > 0);
    while (world.machines.has(machine!.id) && world.now < 1e8) live(world, 1_000);
    return world.now - since;
  };
  const [still, busy] = [heldFor(0), heldFor(0.05)];
  // A machine holds 0.05 GB and uses 0.05 CPUs at 9 GB-seconds each: holding it costs ten times as much.
  assert.ok(busy > 10_000 && busy < still / 5, `${busy} ms with a twentieth of a CPU, ${still} ms without`);
});

test("a few calls right after each other do not make the machine go at once: it is held until that has cost as much as a start, as is explained", () => {
  const world = worldOf({ ada: {} });
  for (let i = 0; i < 10; i++) {
    const invocation = world.arrive("ada");
    live(world, i === 0 ? 300 : 5);
    world.finish(invocation);
    live(world, 100);
  }
  const since = world.now - 100;
  const facts = explainApp(world.state, "ada", world.now);
  const { costs, idle, demand } = facts?.learned ?? assert.fail("nothing is known of ada");
  assert.equal(demand, null, "nothing is started by the forecast of an idle revision");
  const holdMs = idle.holdMs ?? assert.fail("ada has no machine");
  assert.ok(Math.abs(holdMs - (costs.breakEvenMs ?? 0)) < 2, `held for ${holdMs} ms, though ${costs.breakEvenMs} ms cost a start`);
  const { idleMs, keptMs } = facts?.machines[0] ?? assert.fail("ada has no machine");
  assert.ok(Math.abs((idleMs ?? 0) + (keptMs ?? 0) - holdMs) < 2, `idle for ${idleMs} ms, kept for ${keptMs} ms, held for ${holdMs} ms`);
  live(world, holdMs - 200);
  assert.equal(world.inPhase("bound").length, 1);
  live(world, 200);
  assert.equal(world.inPhase("bound").length, 0, `idle since ${since}, it is ${world.now}`);
  assert.equal(explainApp(world.state, "ada", world.now)?.learned?.idle.holdMs, null, "nothing is held");
});
