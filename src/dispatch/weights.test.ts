/** Two revisions of one app, side by side. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SteadyFleet } from "../simulator/testing/steady-fleet.ts";
import type { LiveDispatcher } from "./live-dispatcher.ts";
import { type Caller, call } from "./testing/caller.ts";
import { steadyWorld } from "./testing/steady-world.ts";
import { versionOf } from "./testing/version.ts";

const old = versionOf("ada", "old");
const young = versionOf("ada", "young");

const set = () => steadyWorld(SteadyFleet);

function weigh(dispatcher: LiveDispatcher, weights: { old?: number; young?: number }): void {
  const targets = [
    { revision: old, weight: weights.old ?? 0 },
    { revision: young, weight: weights.young ?? 0 },
  ];
  dispatcher.point(
    "ada",
    targets.filter(({ weight }) => weight > 0),
  );
}

function calls(dispatcher: LiveDispatcher, count: number): Caller[] {
  const request = { app: "ada", url: "ada", headers: [], body: Buffer.from("120") };
  return Array.from({ length: count }, () => call(dispatcher, request));
}

function outcomeOf({ isOver, failure }: Caller): string {
  if (!isOver) return "under way";
  return failure === undefined ? "answered" : failure.code;
}

/** Ids of the revisions that have machines. */
function bound({ dispatcher }: ReturnType<typeof set>): string[] {
  return [...new Set(dispatcher.machines().flatMap(({ revision }) => revision ?? []))].toSorted();
}

test("each revision has machines of its own, and both are explained", async () => {
  const parts = set();
  weigh(parts.dispatcher, { old: 90, young: 10 });
  const callers = calls(parts.dispatcher, 20);
  await parts.clock.advance(10_000);
  assert.deepEqual(bound(parts), ["ada-old", "ada-young"]);
  for (const caller of callers) assert.equal(outcomeOf(caller), "answered");
});

test("no call is lost while weights move and revisions come and go, whether it waits or runs", async () => {
  const parts = set();
  const moves = [{ old: 1 }, { old: 90, young: 10 }, { old: 10, young: 90 }, { young: 1 }, { old: 1 }, { old: 1, young: 1 }, { young: 1 }];
  const callers: Caller[] = [];
  for (const move of moves) {
    weigh(parts.dispatcher, move);
    callers.push(...calls(parts.dispatcher, 30));
    await parts.clock.advance(40);
  }
  await parts.clock.advance(20_000);
  assert.equal(callers.length, 210);
  for (const caller of callers) assert.equal(outcomeOf(caller), "answered");
  assert.deepEqual(bound(parts), ["ada-young"], "machines of the revision that gets no calls are gone");
});

test("removing an app also kills machines of superseded revisions that still run", async () => {
  const parts = set();
  weigh(parts.dispatcher, { old: 1 });
  calls(parts.dispatcher, 1);
  await parts.clock.advance(300);
  weigh(parts.dispatcher, { young: 1 });
  calls(parts.dispatcher, 1);
  await parts.clock.advance(300);
  parts.dispatcher.removeApp("ada");
  await parts.clock.advance(1_000);
  assert.deepEqual(bound(parts), []);
});
