/** What the explanation says of an idle revision's last machine is what is done with it, over random histories. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { seedOf } from "../base/testing/random.ts";
import { CourseWatch } from "./testing/course-watch.ts";
import { history, playHistory } from "./testing/histories.ts";

test("the last machine is killed when its explanation said, and not before holding it cost a start where too few longer idle times are known", () => {
  const seed = seedOf();
  console.log(`seed ${seed} (MAYFLY_SEED)`);
  let checked = 0;
  fc.assert(
    fc.property(history, (each) =>
      playHistory(each, (world) => {
        const watch = new CourseWatch(world);
        return { look: () => (watch.look(), (checked += watch.checked), (watch.checked = 0)) };
      }),
    ),
    { numRuns: 60, seed },
  );
  assert.ok(checked > 40, `only ${checked} kills were held against what had been said`);
});
