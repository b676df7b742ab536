import assert from "node:assert/strict";
import { test } from "node:test";
import type { DecisionInfo } from "../../doors/admin/schemas.ts";
import { explanationInWords } from "./explain.ts";

function decision(machine: string, what: DecisionInfo["what"], why: string, ageMs = 0, invocations = 0): DecisionInfo {
  return { at: Date.UTC(2026, 0, 1, 12) + ageMs, machine, what, reason: { kind: "other-rule" }, why, ageMs, invocations };
}

test("an explanation has a line for each decision, by machine, with when, after how long, and why", () => {
  const decisions = [
    decision("m1", "start", "1 call waits"),
    decision("m2", "start", "2 more expected"),
    decision("m1", "bind", "1 call waits", 80),
    decision("m1", "ready", "the start took 80 ms, the bind 9 ms", 89),
    decision("m2", "lost", "app bob got the machine: 1 call waits", 500),
    decision("m1", "kill", "idle for 2 s", 62_000, 1),
  ];
  assert.deepEqual(explanationInWords({ app: "ada", now: ["2.0 run at once"], facts: [], decisions }).split("\n"), [
    "ada now",
    "  2.0 run at once",
    "m1",
    "  12:00:00.000 started: 1 call waits",
    "  12:00:00.080 bound to the app: 1 call waits",
    "  12:00:00.089 ready: the start took 80 ms, the bind 9 ms",
    "  12:01:02.000 killed after 1m2s and 1 invocation: idle for 2 s",
    "m2",
    "  12:00:00.000 started: 2 more expected",
    "  12:00:00.500 went elsewhere: app bob got the machine: 1 call waits",
  ]);
});

test("the explanation of an app says if no machine of it was decided on", () => {
  assert.match(
    explanationInWords({ app: "ada", now: [], facts: [], decisions: [] }),
    /^ada now\nThe policy has decided nothing about machines of this app/,
  );
});
