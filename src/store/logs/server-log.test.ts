import assert from "node:assert/strict";
import { test } from "node:test";
import { logSteps } from "./server-log.ts";

test("a step logs one line when it begins, and one with its duration when it ends", () => {
  const told: unknown[] = [];
  let now = 0;
  const log = { info: (...what: unknown[]) => void told.push(what.length === 1 ? what[0] : what) };
  const steps = logSteps(log as never, () => now);
  steps.step("making a template");
  now = 1_234.5;
  steps.step("warming it");
  now = 1_300;
  steps.done();
  steps.done();
  assert.deepEqual(told, ["making a template", [{ ms: 1_235 }, "done: making a template"], "warming it", [{ ms: 66 }, "done: warming it"]]);
});
