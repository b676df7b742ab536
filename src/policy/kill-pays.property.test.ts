/**
 * No machine is killed if holding it until the start that takes its place would cost less than that start. This holds whatever rule kills the machine (the plan
 * of a last machine, the plan of a machine beside others, a surplus of blanks) and whatever rule starts the other one (an expected call, a forecast, a minimum,
 * the number of blanks): spares and pre-starts are held to it, too.
 */
import { test } from "node:test";
import * as fc from "fast-check";
import { seedOf } from "../base/testing/random.ts";
import { history, playHistory } from "./testing/histories.ts";
import { KillWatch } from "./testing/kill-watch.ts";

test("holding a killed machine until it is started again would have cost more than the start", () => {
  const seed = seedOf();
  console.log(`seed ${seed} (MAYFLY_SEED)`);
  fc.assert(
    fc.property(history, (each) => playHistory(each, (world) => new KillWatch(world))),
    { numRuns: 150, seed },
  );
});
