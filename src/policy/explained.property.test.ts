/** Over random histories, an idle revision's last machine is killed when its explanation said that it would be. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { seedOf } from "../base/testing/random.ts";
import { CourseWatch } from "./testing/course-watch.ts";
import { history, playHistory } from "./testing/histories.ts";

test("the last machine is killed at the time that its explanation gave and, if too few longer idle times are known, not before holding it has cost as much as a start", () => {
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
  assert.ok(checked > 40, `only ${checked} kills were compared with their explanation`);
});
