import assert from "node:assert/strict";
import { test } from "node:test";
import { bindPolicy } from "../policy/bind-policy.ts";
import { createPackingPolicy } from "../policy/packing.ts";
import { createDispatcher } from "./dispatcher.ts";
import { call } from "./testing/caller.ts";
import { FakeClock } from "./testing/fake-clock.ts";
import { Random, seedOf } from "../base/testing/random.ts";
import { roomyHost } from "./testing/roomy-host.ts";
import { UnrulyFleet } from "./testing/unruly-fleet.ts";
import { serve, versionOf } from "./testing/version.ts";

test("whatever happens, an app with a call in flight has been reported as served, and one without machines has not", async () => {
  const seed = seedOf();
  const random = new Random(seed);
  for (let run = 0; run < 100; run++) {
    const clock = new FakeClock();
    const fleet = new UnrulyFleet(clock, random);
    const serving = new Set<string>();
    const policy = bindPolicy(createPackingPolicy({ ...roomyHost, blanks: run % 2, idleMs: 300 }));
    const told = (app: string, serves: boolean) => void (serves ? serving.add(app) : serving.delete(app));
    const dispatcher = createDispatcher({ policy, fleet, clock, bootId: "t", logs: { append: () => undefined }, serving: told });
    const apps = ["ada", "bob", "eve"];
    for (const app of apps) serve(dispatcher, versionOf(app, "v1"));
    for (let step = 0; step < 40; step++) {
      const app = random.pick(apps);
      if (random.chance(0.5)) call(dispatcher, { app, url: app, headers: ["x"], body: Buffer.from("x"), timeoutMs: 5_000 });
      const victim = random.pick([...fleet.machines.values()]);
      if (random.chance(0.1) && victim !== undefined) fleet.die(victim);
      await clock.advance(random.between(0, 200));
      const sent = dispatcher.machines().flatMap((row) => (row.inFlight > 0 && row.app !== null ? [row.app] : []));
      for (const app of sent) assert.ok(serving.has(app), `MAYFLY_SEED=${seed}: ${app} has calls in flight and was not told of`);
    }
    fleet.calm = true;
    await clock.advance(60_000);
    assert.deepEqual(dispatcher.inFlight(), [], `MAYFLY_SEED=${seed}`);
    const closed = dispatcher.close(0);
    for (let wait = 0; wait < 1_000 && fleet.machines.size > 0; wait++) await clock.advance(10);
    await closed;
    assert.deepEqual([...serving], [], `MAYFLY_SEED=${seed}`);
  }
});

test("calls that wait and calls that run are counted by app", async () => {
  const clock = new FakeClock();
  const fleet = new UnrulyFleet(clock, new Random(1));
  fleet.calm = true;
  const policy = bindPolicy(createPackingPolicy({ ...roomyHost, blanks: 0, idleMs: 300 }));
  const serving: [string, boolean][] = [];
  const told = (app: string, serves: boolean) => void serving.push([app, serves]);
  const dispatcher = createDispatcher({ policy, fleet, clock, bootId: "t", logs: { append: () => undefined }, serving: told });
  for (const app of ["ada", "bob"]) serve(dispatcher, versionOf(app, "v1"));
  for (const app of ["ada", "ada", "bob"]) call(dispatcher, { app, url: app, headers: ["x"], body: Buffer.from("x"), timeoutMs: 5_000 });
  assert.deepEqual(dispatcher.inFlight(), [
    ["ada", 2],
    ["bob", 1],
  ]);
  // The calls wait for machines that are still being started.
  assert.deepEqual(serving, [
    ["ada", true],
    ["bob", true],
  ]);
});
