/** The minimum of machines is kept, whatever happens to the machines. */
import { test } from "node:test";
import assert from "node:assert/strict";
import { World, type WorldMachine } from "./testing/packing-world.ts";
import { USUAL } from "./testing/kinds.ts";
import { roomyHost } from "./testing/roomy-host.ts";

const HOST = { ...roomyHost, blanks: 1, maxMachines: 10 };
const LIMITS = { concurrency: 10, minMachines: 2, maxMachines: 5, reservedBlanks: 0, waitWorth: null, queue: 10, kind: USUAL };

const mishaps: [what: string, befall: (world: World, machine: WorldMachine) => void][] = [
  ["one dies", (world, machine) => void world.exit(machine)],
  ["one is condemned", (world, { id }) => void world.send({ type: "condemn", machine: id, because: "abort-ignored" })],
  ["the revision has new code", (world) => void world.send({ type: "revision-renewed", revision: "ada" })],
  ["the revision has other limits", (world) => world.setApp("ada", { ...LIMITS, queue: 11 })],
];

for (const idleMs of [null, 1_000])
  for (const [what, befall] of mishaps)
    test(`the minimum is there again after ${what}, without a call, idleMs ${idleMs}`, () => {
      const world = new World({ ...HOST, idleMs });
      world.setApp("ada", LIMITS);
      world.settle();
      assert.equal(world.inPhase("bound").length, 2);
      befall(world, world.inPhase("bound")[0] as WorldMachine);
      for (let i = 0; i < 20; i++) {
        world.settle();
        world.advance(500);
      }
      assert.equal(world.inPhase("bound").length, 2);
    });
