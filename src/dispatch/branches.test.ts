/** Calls that name an alias or a revision beside `live`, and callers that stay at their revision. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SteadyFleet } from "../simulator/testing/steady-fleet.ts";
import { moveRuns } from "../traffic/runs.ts";
import type { Version } from "../store/catalog/catalog.ts";
import { call } from "./testing/caller.ts";
import { steadyWorld } from "./testing/steady-world.ts";
import { versionOf } from "./testing/version.ts";

/** Notes the revision that each call was sent to. */
class NotingFleet extends SteadyFleet {
  readonly sent: string[] = [];

  override request(...parameters: Parameters<SteadyFleet["request"]>): ReturnType<SteadyFleet["request"]> {
    this.sent.push(parameters[1].revision);
    return super.request(...parameters);
  }
}

const set = () => steadyWorld(NotingFleet);

const [one, two, three] = ["1", "2", "3"].map((id) => versionOf("ada", id)) as [Version, Version, Version];
const all = (revision: Version) => [{ revision, weight: 1 }];
const ask = ({ dispatcher }: ReturnType<typeof set>, more: { branch?: string; key?: string } = {}) =>
  call(dispatcher, { app: "ada", url: "ada", body: Buffer.from("100"), ...more });

test("calls that name a branch go to its revisions, on machines of their own, and the others to live", async () => {
  const parts = set();
  const branches = [
    { name: "next", targets: all(two) },
    { name: three.id, targets: all(three) },
  ];
  parts.dispatcher.point("ada", all(one), { branches });
  const callers = [ask(parts), ask(parts, { branch: "next" }), ask(parts, { branch: three.id }), ask(parts)];
  await parts.clock.advance(5_000);
  for (const caller of callers) assert.deepEqual([caller.ended, caller.failure], [true, undefined]);
  assert.deepEqual(parts.fleet.sent.toSorted(), [one.id, one.id, two.id, three.id]);
  assert.equal(parts.dispatcher.machines().length, 3);
  assert.equal(parts.dispatcher.isResting("ada", two.id, 1_000), false);
  await parts.clock.advance(120_000);
  assert.equal(parts.dispatcher.isResting("ada", two.id, 1_000), true);
});

test("a branch that is not served refuses its calls; what waits for a revision that is gone is refused, and for an alias that moved it moves", async () => {
  const parts = set();
  const lost = ask(parts, { branch: "next" });
  await parts.clock.advance(0);
  assert.equal(lost.failure?.code, "no-such-app");
  parts.dispatcher.point("ada", all(one), {
    branches: [
      { name: "next", targets: all(two) },
      { name: three.id, targets: all(three) },
    ],
  });
  const [moved, gone, live] = [ask(parts, { branch: "next" }), ask(parts, { branch: three.id }), ask(parts)];
  parts.dispatcher.point("ada", all(one), { branches: [{ name: "next", targets: all(one) }] });
  await parts.clock.advance(5_000);
  assert.deepEqual(gone.failure, { code: "no-such-version", details: { app: "ada", version: three.id } });
  assert.deepEqual([moved.ended, live.ended], [true, true]);
  assert.deepEqual(parts.fleet.sent, [one.id, one.id]);
});

test("a revision that becomes live goes on with the machines that it had as a branch", async () => {
  const parts = set();
  parts.dispatcher.point("ada", all(one), { branches: [{ name: "next", targets: all(two) }] });
  ask(parts, { branch: "next" });
  await parts.clock.advance(5_000);
  const [machine] = parts.dispatcher.machines();
  parts.dispatcher.point("ada", all(two));
  const again = ask(parts);
  await parts.clock.advance(5_000);
  assert.equal(again.ended, true);
  assert.deepEqual(
    parts.dispatcher.machines().map(({ name }) => name),
    [machine!.name],
  );
});

test("machines that are reserved for a branch are there without a call", async () => {
  const parts = set();
  parts.dispatcher.point("ada", all(one), { branches: [{ name: "next", targets: [{ revision: two, weight: 1, reserved: 2 }] }] });
  await parts.clock.advance(120_000);
  assert.deepEqual(
    parts.dispatcher.machines().map(({ revision, phase }) => [revision, phase]),
    [
      [two.id, "bound"],
      [two.id, "bound"],
    ],
  );
  assert.match(parts.dispatcher.explain("ada").now.join(" "), /2 machines of the revision are reserved by an alias/);
  parts.dispatcher.point("ada", all(one));
  await parts.clock.advance(1_000);
  assert.equal(parts.dispatcher.machines().length, 0);
});

test("a caller with a key stays at its revision, also where calls without one are spread", async () => {
  const parts = set();
  const point = (share: number, runs: ReturnType<typeof moveRuns>) => {
    const next = moveRuns(runs, [
      { revision: one.id, weight: 1 - share },
      { revision: two.id, weight: share },
    ]);
    const targets = [
      { revision: one, weight: 1 - share },
      { revision: two, weight: share },
    ];
    parts.dispatcher.point("ada", targets, { sticky: { salt: "ada live", runs: next } });
    return next;
  };
  const where = async (key: string) => {
    ask(parts, { key });
    await parts.clock.advance(1_000);
    return parts.fleet.sent.at(-1);
  };
  const keys = Array.from({ length: 40 }, (_, i) => `caller ${i}`);
  const runs = point(0.5, []);
  const first = new Map<string, string | undefined>();
  for (const key of keys) first.set(key, await where(key));
  assert.equal(new Set(first.values()).size, 2);
  for (const key of keys) assert.equal(await where(key), first.get(key));
  point(0.7, runs);
  for (const key of keys) if (first.get(key) === two.id) assert.equal(await where(key), two.id, "only the old revision's callers move");
});

test("while the server stops, calls within an app are taken where a machine has room, so that their callers can finish", async () => {
  const parts = set();
  parts.dispatcher.point("ada", [{ revision: versionOf("ada", "1", { concurrency: 2 }), weight: 1 }]);
  const begin = (ms: number, withinApp: boolean) =>
    call(parts.dispatcher, { app: "ada", url: "ada", body: Buffer.from(`${ms}`), withinApp });
  const caller = begin(20_000, false);
  await parts.clock.advance(5_000);
  const closed = parts.dispatcher.close(60_000);
  await parts.clock.advance(0);
  const within = begin(100, true);
  const others = [begin(100, true), begin(100, false)];
  await parts.clock.advance(30_000);
  assert.deepEqual([caller.ended, within.ended], [true, true]);
  assert.deepEqual(
    others.map(({ failure }) => failure?.code),
    ["shutting-down", "shutting-down"],
  );
  assert.equal(await closed, 0);
});
