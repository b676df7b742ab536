import { test } from "node:test";
import assert from "node:assert/strict";
import type { AppFacts } from "../policy/explain.ts";
import { clauseOfReason, type DecisionReason, sentencesOfFacts } from "./sentences.ts";

/** Keyed by kind, so that a kind without a sentence does not compile. */
const clauses: { [Kind in DecisionReason["kind"]]: [Extract<DecisionReason, { kind: Kind }>, string] } = {
  "calls-waiting": [
    { kind: "calls-waiting", waiting: 3, slots: 8 },
    "3 calls wait, and no slot is free: the app's machines have 8 slots in all",
  ],
  minimum: [{ kind: "minimum", machines: 1 }, "the app's minimum is 1 machine (minMachines)"],
  "call-expected": [{ kind: "call-expected", withinMs: 1_500 }, "a call is expected within 1.5 s"],
  forecast: [
    { kind: "forecast", inFlight: 2, slots: 9.5, has: 8, aheadMs: 230, level: 3, trend: 0.5, deviation: 1.25 },
    "the forecast for 230 ms from now is that 9.5 slots will be needed, and the app's machines have 8; 2 in flight now, level 3, trend 0.5 a window, deviation 1.25 (in invocations)",
  ],
  blanks: [{ kind: "blanks", wanted: 2 }, "to keep 2 blanks ready"],
  "idle-fixed": [{ kind: "idle-fixed", ms: 500 }, "idle for 500 ms, the setting idleMs"],
  idle: [
    { kind: "idle", ms: 2_000, others: 1, holdCost: 0.043, startCost: 4.1, startsAgainMs: 60_000 },
    "idle for 2 s beside 1 other machine of the app; holding the machine costs 0.043 GB-seconds per second, and a start that a caller waits for costs 4.1 GB-seconds; another machine will be started in 60 s, because a call is expected",
  ],
  "blank-surplus": [{ kind: "blank-surplus", ready: 1, enough: 0 }, "1 blank ready, of which 0 would be enough"],
  "host-full": [{ kind: "host-full" }, "the host is full, and calls of another app wait"],
  "host-full-share": [{ kind: "host-full-share" }, "the host is full, and another app with waiting calls has no machine"],
  drained: [{ kind: "drained" }, "the machine was draining, and its last invocation has ended"],
  condemned: [{ kind: "condemned" }, "a handler ignored its abort signal, or the machine is about to end"],
  "limits-changed": [{ kind: "limits-changed" }, "the app's limits have changed"],
  renewed: [{ kind: "renewed" }, "the app's code or secrets have changed"],
  superseded: [{ kind: "superseded" }, "another revision took over"],
  "app-removed": [{ kind: "app-removed" }, "the app was removed"],
  "other-rule": [{ kind: "other-rule", rule: "a rule" }, "a rule"],
  ready: [{ kind: "ready", startMs: 80.4, bindMs: 9 }, "the start took 80 ms, the bind 9 ms"],
  lost: [
    { kind: "lost", app: "bob", why: { kind: "calls-waiting", waiting: 1, slots: 0 } },
    "app bob got the machine: 1 call waits, and the app has no machine",
  ],
  ended: [{ kind: "ended", exit: { reason: "exited", detail: "" } }, "it ended by itself"],
};

test("each kind of reason has its clause", () => {
  for (const [reason, clause] of Object.values(clauses)) assert.equal(clauseOfReason(reason), clause);
});

test("the sentences about what the policy knows of a revision have its numbers and the names of its machines", () => {
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
  assert.equal(told[0], "The revision has 1 invocation in flight and 0 waiting, on 2 machines; 0 more are being bound.");
  assert.match(
    told[4] ?? "",
    /^4 idle times of the revision have ended so far\. .* held for 900 ms, and another one is started 9 s after the last call and is held until 11 s after it\.$/,
  );
  assert.deepEqual(told.slice(5), [
    "Machine m1 has 1 of 10 slots taken.",
    "Machine m2 has been idle for 4 ms; the policy decides again in 1 s whether to keep it.",
  ]);
  assert.match(sentencesOfFacts({ ...facts, learned: null })[1] ?? "", /nothing is learned, because the setting idleMs is set/);
});
