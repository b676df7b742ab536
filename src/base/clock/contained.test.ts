import assert from "node:assert/strict";
import { test } from "node:test";
import { contained } from "./contained.ts";
import { systemClock } from "./clock.ts";

test("what a timer's callback throws or rejects with reaches the handler, and the timer goes on", async () => {
  const failures: string[] = [];
  const enough = Promise.withResolvers<void>();
  const clock = contained(systemClock, (error) => {
    failures.push((error as Error).message);
    if (failures.filter((text) => text === "every").length >= 3 && failures.length >= 5) enough.resolve();
  });
  const stop = clock.every(1, () => {
    throw new Error("every");
  });
  clock.after(1, () => {
    throw new Error("after");
  });
  clock.after(1, async () => Promise.reject(new Error("rejected")));
  // The clock's timers do not keep the process alive.
  const alive = setInterval(() => undefined, 1_000);
  await enough.promise;
  stop();
  clearInterval(alive);
  assert.ok(failures.includes("after") && failures.includes("rejected"), failures.join());
});

test("a contained clock cancels, and has the time of the clock that it stands before", async () => {
  const clock = contained({ ...systemClock, now: () => 5, wall: () => 7 }, () => assert.fail("nothing failed"));
  assert.deepEqual([clock.now(), clock.wall()], [5, 7]);
  let calls = 0;
  const cancel = clock.after(1, () => calls++);
  const stop = clock.every(1, () => calls++);
  cancel();
  stop();
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(calls, 0);
});
