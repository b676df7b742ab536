import { test } from "node:test";
import assert from "node:assert/strict";
import type { AppFacts } from "../policy/explain.ts";
import { clauseOfReason, type DecisionReason, sentencesOfFacts, sentencesOfRevisions } from "./sentences.ts";

/** Keyed by kind, so that a kind without a sentence does not compile. */
const clauses: { [Kind in DecisionReason["kind"]]: [Extract<DecisionReason, { kind: Kind }>, string] } = {
  "calls-waiting": [
    { kind: "calls-waiting", waiting: 3, slots: 8 },
    "3 calls wait, and no slot is free: the app's machines have 8 slots in all",
  ],
  minimum: [{ kind: "minimum", machines: 1 }, "the app's minimum is 1 machine (minMachines)"],
  reserved: [{ kind: "reserved", machines: 2 }, "2 machines of the revision are reserved by an alias"],
  "call-known": [
    { kind: "call-known", withinMs: 1_500 },
    "a call is known to come within 1.5 s, because it is the time of a schedule or of an event",
  ],
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
  "tenant-full": [
    { kind: "tenant-full" },
    "the tenant's apps have as many machines as they may have together, and calls of another one of them wait",
  ],
  "apart-full": [{ kind: "apart-full" }, "the app has as many machines as it may have, and calls of another tenant id wait"],
  "tenant-share": [{ kind: "tenant-share" }, "the host is full, and an app of a tenant that has fewer machines waits for its first"],
  drained: [{ kind: "drained" }, "the machine was draining, and its last invocation has ended"],
  condemned: [{ kind: "condemned", because: "abort-ignored" }, "a handler ignored its abort signal"],
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

const busy: AppFacts<string> = {
  inFlight: 1,
  waiting: 0,
  bound: 2,
  binding: 0,
  slots: 10,
  ceiling: 100,
  minMachines: 0,
  reserved: 0,
  learned: {
    busyShare: 0.01,
    demand: { aheadMs: 230, expected: 1, margin: 0.5, machines: 1 },
    costs: { memoryGb: 0.05, idleCpu: null, hold: 0.05, start: 2, startWithWait: 4, waitMs: 30, waitWorth: 20, breakEvenMs: 80_000 },
    idle: { times: 4, holdMs: 900, costs: { plan: 1, none: 4, holding: 3 }, start: { atMs: 9_000, untilMs: 11_000 } },
    known: null,
  },
  machines: [
    { machine: "m1", phase: "bound", inFlight: 1, phaseMs: 5, idleMs: null, keptForMinimum: false, nextLookMs: null, keptMs: null },
    { machine: "m2", phase: "bound", inFlight: 0, phaseMs: 5, idleMs: 4, keptForMinimum: false, nextLookMs: 1_000, keptMs: null },
  ],
};

test("the sentences about what the policy knows of a revision have its numbers and the names of its machines", () => {
  const told = sentencesOfFacts(busy);
  assert.equal(told[0], "The revision has 1 invocation in flight and 0 waiting, on 2 machines; 0 more are being bound.");
  assert.equal(
    told[2],
    "The forecast for one start-up time from now (230 ms) is 1 invocation in flight; with a margin of 0.5 slots, 1 machine is enough for that.",
  );
  assert.match(
    told[4] ?? "",
    /^4 idle times of the revision have ended so far\. By them, a whole idle time, .* cost 3 GB-seconds on average .* If the revision fell idle now, its last machine would be held for 900 ms\.$/,
  );
  assert.deepEqual(told.slice(5), [
    "Machine m1 has 1 of 10 slots taken.",
    "Machine m2 has been idle for 4 ms; the policy decides again in 1 s whether to keep it.",
  ]);
  assert.match(sentencesOfFacts({ ...busy, learned: null })[1] ?? "", /nothing is learned, because the setting idleMs is set/);
});

test("of an idle revision there is no forecast, and how long its last machine is held adds up with how long it is idle", () => {
  const last = {
    machine: "m1",
    phase: "bound",
    inFlight: 0,
    phaseMs: 500_000,
    idleMs: 240_000,
    keptForMinimum: false,
    nextLookMs: 130_000,
  } as const;
  const learned = { ...busy.learned!, demand: null };
  const idle = { ...busy, inFlight: 0, bound: 1, learned: { ...learned, idle: { ...learned.idle, holdMs: 480_000 } } };
  const told = sentencesOfFacts({ ...idle, machines: [{ ...last, keptMs: 240_000 }] });
  assert.ok(!told.join(" ").includes("forecast"));
  assert.match(
    told.at(-2) ?? "",
    /The last machine is held until 8 min after the last call, if no other comes; the next one is started 9 s after the last call/,
  );
  assert.equal(told.at(-1), "Machine m1 has been idle for 4 min and is kept for 4 min more, if no call comes.");
});

test("of an idle revision without a machine nothing is said to be held", () => {
  const learned = { ...busy.learned!, demand: null };
  const gone = { ...learned, idle: { ...learned.idle, holdMs: null, start: null } };
  const told = sentencesOfFacts({ ...busy, inFlight: 0, bound: 0, machines: [], learned: gone });
  assert.match(
    told.at(-1) ?? "",
    / by the plan with which it begins\. The revision has no machine; the next one is started when a call comes\.$/,
  );
});

test("headings name revisions and their shares, and the runtimes of a revision that has several", () => {
  const facts = (number: number, runtime: "node" | "python", weight = 1) => ({ ...busy, revision: `r${number}`, number, weight, runtime });
  const headings = (...all: ReturnType<typeof facts>[]) => sentencesOfRevisions(all).filter((text) => text.endsWith(":"));
  assert.deepEqual(headings(facts(1, "python")), []);
  assert.deepEqual(headings(facts(1, "node"), facts(1, "python")), [
    "Revision 1, functions of the runtime node:",
    "Revision 1, functions of the runtime python:",
  ]);
  assert.deepEqual(headings(facts(2, "node", 3), facts(1, "node"), facts(1, "python")), [
    "Revision 2 (75 %):",
    "Revision 1 (25 %), functions of the runtime node:",
    "Revision 1 (25 %), functions of the runtime python:",
  ]);
});
