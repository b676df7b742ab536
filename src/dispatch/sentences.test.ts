import { test } from "node:test";
import assert from "node:assert/strict";
import type { AppFacts } from "../policy/explain.ts";
import { clauseOfReason, type DecisionReason, sentencesOfFacts } from "./sentences.ts";

/** Keyed by kind, so that a kind without a sentence does not compile. */
const clauses: { [Kind in DecisionReason["kind"]]: [Extract<DecisionReason, { kind: Kind }>, string] } = {
  "calls-waiting": [{ kind: "calls-waiting", waiting: 3, slots: 8 }, "3 waiting, and all it has is taken: 8 slots"],
  minimum: [{ kind: "minimum", machines: 1 }, "it is to have 1 machine at least"],
  "call-expected": [{ kind: "call-expected", withinMs: 1_500 }, "a call is expected within 1.5 s"],
  forecast: [
    { kind: "forecast", inFlight: 2, slots: 9.5, has: 8, aheadMs: 230, level: 3, trend: 0.5, deviation: 1.25 },
    "2 in flight, 9.5 forecast for 230 ms from now (level 3, trend 0.5, deviation 1.25), and it has 8 slots",
  ],
  blanks: [{ kind: "blanks", wanted: 2 }, "to keep 2 blanks ready"],
  "idle-fixed": [{ kind: "idle-fixed", ms: 500 }, "idle for 500 ms"],
  idle: [
    { kind: "idle", ms: 2_000, others: 1, holdCost: 0.043, startCost: 4.1, startsAgainMs: 60_000 },
    "idle for 2 s beside 1 other; holding it costs 0.043 GB-seconds a second, a start that a caller waits for 4.1 GB-seconds; one is to be started again in 60 s",
  ],
  "blank-surplus": [{ kind: "blank-surplus", ready: 1, enough: 0 }, "1 blank ready, and 0 would do"],
  "host-full": [{ kind: "host-full" }, "another app waits and the host is full"],
  "host-full-share": [{ kind: "host-full-share" }, "another app has no machine and the host is full"],
  drained: [{ kind: "drained" }, "drained"],
  condemned: [{ kind: "condemned" }, "condemned"],
  "limits-changed": [{ kind: "limits-changed" }, "its app has other limits"],
  renewed: [{ kind: "renewed" }, "its app has a newer version, or other secrets"],
  superseded: [{ kind: "superseded" }, "another revision took over"],
  "app-removed": [{ kind: "app-removed" }, "its app was removed"],
  "other-rule": [{ kind: "other-rule", rule: "a rule" }, "a rule"],
  ready: [{ kind: "ready", startMs: 80.4, bindMs: 9 }, "the start took 80 ms, the bind 9 ms"],
  lost: [
    { kind: "lost", app: "bob", why: { kind: "calls-waiting", waiting: 1, slots: 0 } },
    "app bob got it: 1 waiting, and it has no machine",
  ],
  ended: [{ kind: "ended", exit: { reason: "exited", detail: "" } }, "it ended by itself"],
};

test("each kind of reason has its clause", () => {
  for (const [reason, clause] of Object.values(clauses)) assert.equal(clauseOfReason(reason), clause);
});

test("the sentences on what the policy makes of an app have its numbers and its machines' names", () => {
  const facts: AppFacts<string> = {
    inFlight: 1,
    waiting: 0,
    bound: 2,
    binding: 0,
    slots: 10,
    ceiling: 100,
    minMachines: 0,
    learned: {
      busyShare: 0.01,
      demand: { aheadMs: 230, expected: 1, margin: 0.5, machines: 1 },
      costs: { memoryGb: 0.05, idleCpu: null, hold: 0.05, start: 2, startWithWait: 4, waitMs: 30, waitWorth: 20, breakEvenMs: 80_000 },
      idle: { times: 4, holdMs: 900, costs: { plan: 1, none: 4, holding: 3 }, start: { atMs: 9_000, untilMs: 11_000 } },
    },
    machines: [
      { machine: "m1", phase: "bound", inFlight: 1, phaseMs: 5, idleMs: null, keptForMinimum: false, nextLookMs: null },
      { machine: "m2", phase: "bound", inFlight: 0, phaseMs: 5, idleMs: 4, keptForMinimum: false, nextLookMs: 1_000 },
    ],
  };
  const told = sentencesOfFacts(facts);
  assert.equal(told[0], "1 invocation in flight and 0 waiting, on 2 machines, with 0 more being bound.");
  assert.match(
    told[4] ?? "",
    /^It fell idle 4 times so far\. .* held for 900 ms, and one is started 9 s after the last call, to be there until 11 s after it\.$/,
  );
  assert.deepEqual(told.slice(5), [
    "Machine m1 has 1 of 10 slots taken.",
    "Machine m2 is idle for 4 ms; whether it is kept is looked at again in 1 s.",
  ]);
  assert.match(sentencesOfFacts({ ...facts, learned: null })[1] ?? "", /nothing is learned, as idleMs is set/);
});
