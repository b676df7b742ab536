/** Revisions whose machines come up bound. */
import { describe, test } from "node:test";
import assert from "node:assert/strict";
import { idleCosts } from "./core/costs.ts";
import { LIMITS, live, worldOf } from "./testing/learning-world.ts";
import type { World } from "./testing/packing-world.ts";

const PACE = { startMs: 500, bindMs: 40 };

function starts(world: World) {
  return world.events.flatMap(({ commands }) => commands).filter((command) => command.type === "start" && command.revision === "ada");
}

function binds(world: World) {
  return world.events.flatMap(({ commands }) => commands).filter((command) => command.type === "bind" && command.revision === "ada");
}

describe("a revision with a snapshot", () => {
  test("gets a machine by a start alone, and leaves the blank that is ready to others", () => {
    const world = worldOf({ ada: { snapshot: true }, bob: {} });
    const [blank] = world.inPhase("blank");
    world.arrive("ada");
    assert.deepEqual(
      starts(world).map((command) => "snapshot" in command && command.snapshot),
      [true],
    );
    assert.equal(world.inPhase("binding").length, 1);
    assert.deepEqual(world.inPhase("blank"), [blank]);
    live(world, 1_000, PACE);
    assert.equal(world.running.size, 1);
    assert.equal(binds(world).length, 0);
  });

  test("starts as many machines as waiting calls need, and no more", () => {
    const world = worldOf({ ada: { snapshot: true, concurrency: 1 } });
    for (let n = 0; n < 4; n++) world.arrive("ada");
    assert.equal(world.inPhase("binding").length, 4);
    live(world, 1_000, PACE);
    assert.equal(world.running.size, 4);
  });

  test("has a lead of its own: the time in which its machines come up", () => {
    const world = worldOf({ ada: { snapshot: true }, bob: {} });
    for (const app of ["ada", "bob"]) world.arrive(app);
    live(world, 3_000, { startMs: 900, bindMs: 100 });
    const revisions = ["ada", "bob"].map((name) => world.state.revisions.get(name)!);
    const [ada, bob] = revisions.map((revision) => idleCosts(world.state, revision));
    // In this world a machine that comes up bound takes as long as a bind.
    assert.equal(ada!.leadMs, 100);
    assert.ok(bob!.leadMs > 200, String(bob!.leadMs));
    assert.ok(ada!.start < bob!.start && ada!.miss < bob!.miss);
    assert.equal(world.state.times.bound, 1, "it says nothing of others' binds");
  });

  test("keeps its machines when the snapshot is there, and takes blanks again when it is gone", () => {
    const world = worldOf({ ada: { concurrency: 1 } });
    world.arrive("ada");
    live(world, 1_000, PACE);
    const before = world.inPhase("bound");
    world.setApp("ada", { ...LIMITS, concurrency: 1, snapshot: true });
    assert.deepEqual(world.inPhase("bound"), before);
    world.arrive("ada");
    live(world, 1_000, PACE);
    assert.equal(world.running.size, 2);
    assert.equal(binds(world).length, 1);
    world.setApp("ada", { ...LIMITS, concurrency: 1, snapshot: false });
    for (let n = 0; n < 4; n++) world.arrive("ada");
    live(world, 3_000, PACE);
    assert.equal(world.running.size, 6);
    assert.ok(binds(world).length > 1);
  });

  test("that is retired or renewed loses the machines that come up", () => {
    const world = worldOf({ ada: { snapshot: true } });
    world.arrive("ada");
    const [coming] = world.inPhase("binding");
    world.send({ type: "revision-renewed", revision: "ada" });
    assert.equal(coming!.phase, "ending");
    live(world, 1_000, PACE);
    assert.equal(world.running.size, 1);
  });
});
