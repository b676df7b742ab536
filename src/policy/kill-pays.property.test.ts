/**
 * No machine is killed where holding it until the start that takes its place would cost less than that start: whatever the
 * rule that killed it (the last machine's plan, a machine's beside others, a surplus of blanks) and whatever the rule that starts one
 * again (a call that is expected, a forecast, a minimum, the number of blanks).
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
