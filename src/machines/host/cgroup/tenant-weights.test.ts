import assert from "node:assert/strict";
import { test } from "node:test";
import { tenantWeightsOf } from "./tenant-weights.ts";

const newPlace = () => tenantWeightsOf({ kind: "none", reason: "a test" });

test("all tenants weigh the same: as many times the usual weight as the one with most apps has apps with machines", () => {
  const weights = newPlace();
  assert.equal(weights.add("one", "a"), 1);
  assert.equal(weights.add("one", "a"), 1, "another machine of the same app changes nothing");
  assert.equal(weights.add("many", "a"), 1);
  assert.equal(weights.add("many", "b"), 2);
  assert.equal(weights.add("many", "constructor"), 3);
  assert.deepEqual(weights.all(), { tenants: ["one", "many"], weight: 3 });
  weights.remove("many", "b");
  weights.remove("one", "a");
  assert.deepEqual(weights.all(), { tenants: ["one", "many"], weight: 2 });
  weights.remove("one", "a");
  assert.deepEqual(weights.all(), { tenants: ["many"], weight: 2 });
});

test("a tenant with hundreds of apps weighs no more than the kernel can tell apart", () => {
  const weights = newPlace();
  for (let at = 0; at < 300; at++) weights.add("many", `a${at}`);
  assert.equal(weights.all().weight, 50);
});
