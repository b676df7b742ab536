/** What the dispatcher tells the stream of platform events, and that no listener reaches back. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../base/testing/random.ts";
import { bindPolicy } from "../policy/bind-policy.ts";
import { createPackingPolicy } from "../policy/packing.ts";
import { EventStream } from "../telemetry/event-stream.ts";
import type { PlatformEvent } from "../telemetry/platform-event.ts";
import { createDispatcher } from "./dispatcher.ts";
import type { LogLine } from "./live-dispatcher.ts";
import { call } from "./testing/caller.ts";
import { FakeClock } from "./testing/fake-clock.ts";
import { roomyHost } from "./testing/roomy-host.ts";
import { UnrulyFleet } from "./testing/unruly-fleet.ts";
import { serve, versionOf } from "./testing/version.ts";

/** A dispatcher with one app, `ada`, and a fleet in which nothing fails by itself. */
function set(append: (line: LogLine) => void = () => {}) {
  const clock = new FakeClock();
  const fleet = new UnrulyFleet(clock, new Random(5));
  fleet.calm = true;
  const failed: unknown[] = [];
  const events = new EventStream(clock, (error) => failed.push(error));
  const policy = bindPolicy(createPackingPolicy({ ...roomyHost, blanks: 0, idleMs: 1_000 }));
  const dispatcher = createDispatcher({ policy, fleet, clock, bootId: "t", events, logs: { append } });
  serve(dispatcher, versionOf("ada"));
  const ask = (timeoutMs?: number) => {
    const timed = timeoutMs === undefined ? {} : { timeoutMs };
    return call(dispatcher, { app: "ada", url: "ada", headers: ["body"], body: Buffer.from("body"), ...timed });
  };
  return { clock, fleet, events, failed, dispatcher, ask };
}

const ofMachine = ["machine-started", "machine-blank", "machine-binding", "machine-bound", "machine-killed", "machine-ended"] as const;

test("a machine's life is told in order, with the policy's reasons as data", async () => {
  const { clock, events, ask } = set();
  const told: PlatformEvent[] = [];
  events.listen(Object.fromEntries(ofMachine.map((type) => [type, (event: PlatformEvent) => told.push(event)])));
  ask();
  await clock.advance(60_000);
  assert.deepEqual(
    told.map(({ type }) => type),
    ofMachine,
  );
  const reasons = told.flatMap((event) => ("why" in event ? [event.why.kind] : []));
  assert.deepEqual(reasons, ["calls-waiting", "calls-waiting", "idle-fixed"]);
  const last = told.at(-1);
  assert.ok(last?.type === "machine-ended");
  assert.deepEqual([last.app, last.exit.reason, last.asked, last.invocations, last.appGone], ["ada", "killed", true, 1, false]);
  assert.ok(last.ageMs > 1_000);
});

test("what the policy is told and what it commands is an event only while somebody listens", async () => {
  const { clock, events, ask } = set();
  assert.equal(events.hears("policy-stepped"), false);
  const steps: string[] = [];
  const end = events.listen({
    "policy-stepped": ({ event, commands }) => steps.push([event.type, ...commands.map(({ type }) => type)].join(" ")),
  });
  ask();
  await clock.advance(500);
  end();
  assert.deepEqual(steps.slice(0, 3), ["arrive start", "blank bind", "bound assign"]);
  assert.equal(events.hears("policy-stepped"), false);
});

test("a log that throws, like any listener, keeps no caller from an answer and no machine from its end", async () => {
  const { clock, fleet, failed, dispatcher, ask } = set(() => {
    throw new Error("the disk is full");
  });
  const caller = ask();
  await clock.advance(300);
  for (const machine of fleet.machines.values()) if (machine.phase === "bound") fleet.die(machine);
  const blocked = ask(100);
  for (const machine of fleet.machines.values()) machine.blocked = true;
  await clock.advance(60_000);
  assert.ok(caller.isOver && blocked.isOver);
  assert.deepEqual(dispatcher.inFlight(), []);
  assert.match(String(failed[0]), /the disk is full/);
});

test("what befalls machines and invocations is in the app's log, with what the machine printed; callers get none of that", async () => {
  const lines: LogLine[] = [];
  const { clock, fleet, ask } = set((line) => lines.push(line));
  const first = ask();
  await clock.advance(60);
  for (let waits = 0; waits < 1_000 && ![...fleet.machines.values()].some(({ streams }) => streams.size > 0); waits++)
    await clock.advance(1);
  await clock.advance(1);
  const [machine] = fleet.machines.values();
  assert.ok(machine !== undefined && !first.isOver);
  fleet.die(machine, { reason: "crashed", detail: "by a signal", output: ["password=hunter2"] });
  await clock.advance(1_000);
  assert.equal(first.failure?.code, "machine-died");
  assert.doesNotMatch(JSON.stringify(first.failure), /hunter2/);
  const [ended, died] = lines.map(({ text }) => text);
  assert.equal(ended, "Machine ended: it crashed: by a signal; last output: password=hunter2.");
  assert.match(died ?? "", /it crashed: by a signal/);
  assert.deepEqual([lines[1]?.invocation, lines[1]?.function, lines[1]?.machine], [first.handle?.id, "main", lines[0]?.machine]);
});
