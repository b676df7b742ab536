/** Machines that an alias reserves for a revision, and revisions that stand aside. */
import { describe, test } from "node:test";
import assert from "node:assert/strict";
import { Random, seedOf } from "../base/testing/random.ts";
import type { AppLimits } from "./policy.ts";
import { USUAL } from "./testing/kinds.ts";
import { World } from "./testing/packing-world.ts";
import { roomyHost } from "./testing/roomy-host.ts";

const LIMITS: AppLimits = { concurrency: 10, minMachines: 0, maxMachines: 5, reservedBlanks: 0, waitWorth: null, queue: 10, kind: USUAL };

function boundTo(world: World, revision: string): number {
  return world.inPhase("binding", "bound").filter((machine) => machine.revision === revision).length;
}

function comingUp(world: World) {
  return world.inPhase("starting", "binding");
}

/** Lets time go by, far beyond what an idle machine is held for. */
function rest(world: World): void {
  for (let i = 0; i < 40; i++) {
    world.settle();
    world.advance(500);
  }
}

for (const idleMs of [null, 1_000])
  describe(`idleMs ${idleMs}`, () => {
    const worldOf = () => new World({ ...roomyHost, blanks: 1, maxMachines: 10, idleMs });

    test("as many machines as are reserved are bound without a call, stay, and go when they are reserved no more", () => {
      const world = worldOf();
      world.setApp("ada", { ...LIMITS, reserved: 3 });
      rest(world);
      assert.equal(boundTo(world, "ada"), 3);
      world.setApp("ada", { ...LIMITS, reserved: 1 });
      rest(world);
      assert.equal(boundTo(world, "ada"), 1);
      world.setApp("ada", LIMITS);
      rest(world);
      assert.equal(boundTo(world, "ada"), 0);
    });

    test("no more are reserved than the app may have", () => {
      const world = worldOf();
      world.setApp("ada", { ...LIMITS, maxMachines: 2, reserved: 4 });
      rest(world);
      assert.equal(boundTo(world, "ada"), 2);
    });

    test("each revision has its own, and they are there again when one dies", () => {
      const world = worldOf();
      world.setApp("ada", { ...LIMITS, reserved: 1 });
      const other = world.addBeside("ada", { ...LIMITS, reserved: 2 });
      rest(world);
      assert.deepEqual([boundTo(world, "ada"), boundTo(world, other)], [1, 2]);
      world.exit(world.inPhase("bound").find((machine) => machine.revision === other)!);
      rest(world);
      assert.deepEqual([boundTo(world, "ada"), boundTo(world, other)], [1, 2]);
    });

    test("a revision that stands aside neither takes over the app's minimum nor serves for it", () => {
      const world = worldOf();
      world.setApp("ada", { ...LIMITS, minMachines: 2 });
      const aside = world.addBeside("ada", { ...LIMITS, aside: true });
      rest(world);
      world.arrive(aside);
      for (let [machine] = comingUp(world); machine !== undefined; [machine] = comingUp(world)) world.comeUp(machine);
      assert.deepEqual([boundTo(world, "ada"), boundTo(world, aside)], [2, 1]);
      rest(world);
      assert.deepEqual([boundTo(world, "ada"), boundTo(world, aside)], [2, 0]);
    });

    test("one that no longer stands aside is the newest, and has the app's minimum", () => {
      const world = worldOf();
      world.setApp("ada", { ...LIMITS, minMachines: 2 });
      const aside = world.addBeside("ada", { ...LIMITS, aside: true, reserved: 1 });
      rest(world);
      assert.deepEqual([boundTo(world, "ada"), boundTo(world, aside)], [2, 1]);
      world.setRevision(aside, "ada", { ...LIMITS, minMachines: 2 }, null);
      world.retire("ada", aside);
      rest(world);
      assert.equal(boundTo(world, aside), 2);
    });
  });

const seed = seedOf();

test(`whatever happens, the machines of revisions that stand aside are counted right (seed ${seed})`, () => {
  const random = new Random(seed);
  for (let run = 0; run < 30; run++) {
    const world = new World({ ...roomyHost, blanks: 1, maxMachines: 12, idleMs: random.pick([null, 500]) });
    world.setApp("ada", LIMITS);
    const revisions = ["ada", world.addBeside("ada", { ...LIMITS, aside: true })];
    for (let i = 0; i < 200; i++) {
      const revision = random.pick(revisions);
      const [machine] = world.inPhase("bound");
      switch (random.below(6)) {
        case 0:
        case 1:
          world.arrive(revision);
          break;
        case 2:
          if (world.running.size > 0) world.finish(random.pick([...world.running.keys()]));
          break;
        case 3:
          world.setRevision(revision, "ada", { ...LIMITS, aside: random.chance(0.5), reserved: random.below(3) }, null);
          break;
        case 4:
          if (machine !== undefined && random.chance(0.2)) world.exit(machine);
          break;
        default:
          world.settle();
          world.advance(random.below(1_000));
      }
      const app = world.state.apps.get("ada")!;
      const aside = app.revisions.filter((id) => world.state.revisions.get(id)!.limits.aside === true);
      const machines = aside.reduce((sum, id) => sum + world.state.revisions.get(id)!.bound + world.state.revisions.get(id)!.binding, 0);
      assert.equal(app.aside, machines);
      assert.deepEqual(app.revisions.slice(0, aside.length), aside, "they come first");
    }
  }
});
