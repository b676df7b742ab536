import { test } from "node:test";
import assert from "node:assert/strict";
import { kindOf, usualChoice } from "../base/kind/machine-kind.ts";
import { bindPolicy } from "../policy/bind-policy.ts";
import type { PolicyCommand, PolicyEvent } from "../policy/policy.ts";
import { EventStream } from "../telemetry/event-stream.ts";
import { DecisionLog } from "./decision-log.ts";
import { createDispatcher } from "./dispatcher.ts";
import { call } from "./testing/caller.ts";
import { FakeClock } from "./testing/fake-clock.ts";
import { Random } from "../base/testing/random.ts";
import { UnrulyFleet } from "./testing/unruly-fleet.ts";
import { serve, versionOf } from "./testing/version.ts";
import { usualKind } from "../base/kind/machine-kind.ts";

/** A dispatcher whose policy answers each event with the test's commands, and a fleet in which nothing fails by itself. */
function decided(answers: (event: PolicyEvent) => PolicyCommand[]) {
  const clock = new FakeClock();
  const fleet = new UnrulyFleet(clock, new Random(1));
  fleet.calm = true;
  const policy = bindPolicy({ state: null, step: (_state, event: PolicyEvent) => answers(event) });
  const dispatcher = createDispatcher({ policy, fleet, clock, bootId: "t", logs: { append: () => {} } });
  const told = (app: string) => dispatcher.explain(app).decisions.map(({ machine, what, why }) => `${machine} ${what}: ${why}`);
  return { clock, fleet, dispatcher, told };
}

const WAITS = { kind: "calls-waiting", waiting: 1, slots: 0 } as const;
const WAITS_IN_WORDS = "1 call waits, and the app has no machine";

function start(machine: number, app: string | null): PolicyCommand {
  return {
    type: "start",
    machine,
    kind: usualKind,
    urgent: true,
    revision: app,
    why: { kind: "other-rule", rule: `start ${machine}` },
  };
}

test("each machine's start, bind and kill is in its app's decision log, with the reason, the time, and how many invocations it ran", async () => {
  const { clock, dispatcher, told } = decided((event) => {
    if (event.type === "arrive") return [start(1, "ada")];
    if (event.type === "blank") return [{ type: "bind", machine: 1, revision: "ada", why: WAITS }];
    if (event.type === "bound") return [{ type: "assign", invocation: 1, machine: 1 }];
    return event.type === "finish" ? [{ type: "kill", machine: 1, why: { kind: "idle-fixed", ms: 0 } }] : [];
  });
  serve(dispatcher, versionOf("ada"));
  call(dispatcher, { app: "ada", url: "ada", headers: ["x"], body: Buffer.from("x") });
  await clock.advance(10_000);
  const [first, second, third, last] = told("ada");
  assert.deepEqual(
    [first, second, last],
    ["m1 start: start 1", `m1 bind: ${WAITS_IN_WORDS}`, "m1 kill: idle for 0 ms, the setting idleMs"],
  );
  assert.match(third ?? "", /^m1 ready: the start took \d+ ms, the bind \d+ ms$/);
  const { decisions } = dispatcher.explain("ada");
  assert.deepEqual([decisions.at(0)?.ageMs, decisions.at(0)?.invocations, decisions.at(-1)?.invocations], [0, 0, 1]);
  assert.deepEqual(decisions[0]?.kind, { kernel: "linux", runtime: "node", memoryMb: 256, vcpus: 1 });
  const { at = 0, ageMs = 0 } = decisions.at(-1) ?? {};
  assert.equal(at - ageMs, decisions[0]?.at);
  assert.deepEqual(dispatcher.explain("nobody"), { now: [], facts: [], decisions: [] });
});

test("a machine that another app got is in the logs of both apps; one started for no app in particular is only in the log of the app that got it", async () => {
  const { clock, dispatcher, told } = decided((event) => {
    if (event.type === "arrive") return [start(1, "ada"), start(2, null)];
    return event.type === "blank" ? [{ type: "bind", machine: event.machine, revision: "bob", why: WAITS }] : [];
  });
  for (const app of ["ada", "bob"]) serve(dispatcher, versionOf(app));
  call(dispatcher, { app: "ada" });
  await clock.advance(1_000);
  assert.deepEqual(told("ada"), ["m1 start: start 1", `m1 lost: app bob got the machine: ${WAITS_IN_WORDS}`]);
  for (const id of [1, 2]) {
    const own = told("bob").filter((line) => line.startsWith(`m${id} `));
    assert.deepEqual(own.slice(0, 2), [`m${id} start: start ${id}`, `m${id} bind: ${WAITS_IN_WORDS}`]);
  }
});

test("an end that the policy did not command has its reason in the log, but not what the machine printed", async () => {
  const { clock, fleet, dispatcher, told } = decided((event) => (event.type === "arrive" ? [start(1, "ada")] : []));
  serve(dispatcher, versionOf("ada"));
  call(dispatcher, { app: "ada" });
  await clock.advance(1_000);
  for (const machine of fleet.machines.values()) fleet.die(machine, { reason: "crashed", detail: "by a signal", output: ["a secret"] });
  await clock.advance(1_000);
  assert.deepEqual(told("ada"), ["m1 start: start 1", "m1 end: it crashed: by a signal"]);
});

test("what was drained because its machine was ending by itself has the machine's end as its reason", async () => {
  const { clock, fleet, dispatcher, told } = decided((event) => {
    if (event.type === "arrive") return [start(1, "ada")];
    if (event.type === "blank") return [{ type: "bind", machine: 1, revision: "ada", why: WAITS }];
    return event.type === "condemn" ? [{ type: "drain", machine: 1, why: { kind: "condemned", because: event.because } }] : [];
  });
  serve(dispatcher, versionOf("ada"));
  call(dispatcher, { app: "ada" });
  await clock.advance(1_000);
  for (const machine of fleet.machines.values()) fleet.die(machine, { reason: "out-of-memory", detail: "", output: [] });
  await clock.advance(1_000);
  assert.deepEqual(told("ada").slice(-2), ["m1 drain: it ran out of memory", "m1 end: it ran out of memory"]);
});

test("only the newest decisions are kept, for one app and for many, so that memory is bounded", () => {
  const events = new EventStream(new FakeClock(), (error) => assert.fail(String(error)));
  const log = new DecisionLog(events);
  const tellStart = (machine: string, neededBy: string, wanted: number) => {
    const facts = { at: 0, machine, app: null, ageMs: 0, invocations: 0, kind: kindOf(usualChoice, "linux") };
    events.tell({ type: "machine-started", ...facts, neededBy, why: { kind: "blanks", wanted } });
  };
  for (let i = 1; i <= 2_000; i++) tellStart(`m${i}`, "ada", i);
  assert.deepEqual([log.of("ada").length, log.of("ada").at(-1)?.reason], [500, { kind: "blanks", wanted: 2_000 }]);
  for (let i = 1; i <= 100_000; i++) tellStart(`n${i}`, `app-${i % 3_000}`, i);
  const kept = Array.from({ length: 3_000 }, (_, app) => log.of(`app-${app}`).length);
  assert.ok(kept.reduce((sum, length) => sum + length) <= 20_000);
  assert.equal(log.of("app-1000").at(-1)?.why, "to keep 100000 blanks ready");
});

test("what was decided about a machine is found by its name, by who sees its app, and of machines of no app by who sees all", () => {
  const events = new EventStream(new FakeClock(), (error) => assert.fail(String(error)));
  const log = new DecisionLog(events);
  const facts = (machine: string, app: string | null, at: number) => ({ at, machine, app, ageMs: at, invocations: 0 });
  const kind = kindOf(usualChoice, "linux");
  const blanks = { kind: "blanks", wanted: 1 } as const;
  for (const machine of ["m1", "m2"])
    events.tell({ type: "machine-started", ...facts(machine, null, 1), neededBy: null, kind, why: blanks });
  events.tell({ type: "machine-binding", ...facts("m1", null, 2), app: "ada", appName: "ada", revision: "r", why: WAITS });
  events.tell({ type: "machine-killed", ...facts("m2", null, 3), why: { kind: "blank-surplus", ready: 2, enough: 1 } });
  const whats = (machine: string, sees: (app: string | null) => boolean) => log.ofMachine(machine, sees).map(({ what }) => what);
  assert.deepEqual(
    [whats("m1", () => true), whats("m2", () => true)],
    [
      ["start", "bind"],
      ["start", "kill"],
    ],
  );
  const isAdas = (app: string | null) => app === "ada";
  assert.deepEqual([whats("m1", isAdas), whats("m2", isAdas)], [["start", "bind"], []]);
  assert.deepEqual([whats("m1", (app) => app === "eve"), whats("none", () => true)], [[], []]);
  assert.deepEqual(
    log.of("ada").map(({ what }) => what),
    ["start", "bind"],
  );
});
