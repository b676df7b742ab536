import assert from "node:assert/strict";
import { test } from "node:test";
import { families } from "../workloads/families.ts";
import { shorten } from "./shorten.ts";

test("a shortened workload is the first hours of the first apps", () => {
  const drain = (workload: ReturnType<typeof shorten>) => {
    const seen: [number, number, number][] = [];
    while (workload.next()) seen.push([workload.at, workload.app, workload.durationMs]);
    return seen;
  };
  const whole = drain(families.rare(1, 4, 6));
  const part = shorten(families.rare(1, 4, 6), 2, 4);
  assert.equal(part.apps.length, 4);
  assert.equal(part.endMs, 2 * 3_600_000);
  assert.deepEqual(
    drain(part),
    whole.filter(([at, app]) => at < 2 * 3_600_000 && app < 4),
  );
});

test("without limits a shortened workload is the workload itself", () => {
  const workload = families.rare(1, 1, 2);
  assert.equal(shorten(workload, Infinity, Infinity), workload);
});
