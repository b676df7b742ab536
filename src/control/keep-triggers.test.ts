import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../dispatch/testing/fake-clock.ts";
import { EventStream } from "../telemetry/event-stream.ts";
import { keepTriggers, type KeepTriggersParts } from "./keep-triggers.ts";

/** An app whose live revision has one trigger. */
const catalog = {
  live: () => [
    { revision: { id: "rev_1", manifest: { functions: { work: { triggers: [{ name: "jobs", queue: "jobs" }] } } } }, weight: 1 },
  ],
  triggered: () => ["app_a"],
} as unknown as KeepTriggersParts["catalog"];

function world(applied: () => Promise<void>, before: { app: string; revision: string }[] = []) {
  const clock = new FakeClock();
  const seen = { takenOver: 0, failures: [] as unknown[] };
  const kept = keepTriggers({
    catalog,
    clock,
    triggers: { takeOver: async () => void seen.takenOver++, takenOver: async () => before },
    events: new EventStream(clock, (error) => assert.fail(String(error))),
    haveFile: () => true,
    onTaken: () => {},
    applied,
    onFailure: (_app, error) => void seen.failures.push(error),
  });
  return { clock, kept, seen };
}

for (const [what, before] of [
  ["are new", []],
  ["an earlier server has taken over", [{ app: "app_a", revision: "rev_1" }]],
] as const)
  test(`triggers that ${what} are told of until everybody has heard it, and taken over once`, async () => {
    let told = 0;
    const { clock, kept, seen } = world(async () => {
      if (++told < 3) throw new Error("the store is busy");
    }, [...before]);
    await kept.start();
    assert.equal(told, 1);
    await clock.advance(5_000);
    await kept.settled();
    await clock.advance(5_000);
    await kept.settled();
    assert.deepEqual([told, seen.failures.length, seen.takenOver], [3, 2, before.length === 0 ? 1 : 0]);
    await clock.advance(60_000);
    assert.equal(told, 3);
    kept.close();
  });
