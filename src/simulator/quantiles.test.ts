import { test } from "node:test";
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { Times } from "./quantiles.ts";

test("quantiles are those of the sorted times, to 0.1 % and a microsecond", () => {
  const time = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e6, noNaN: true }));
  fc.assert(
    fc.property(fc.array(time, { minLength: 1, maxLength: 300 }), fc.constantFrom(0, 0.1, 0.5, 0.9, 0.99, 1), (values, q) => {
      const times = new Times();
      for (const value of values) times.add(value);
      const sorted = values.toSorted((a, b) => a - b);
      const exact = sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1] as number;
      const got = times.quantileMs(q);
      assert.ok(Math.abs(got - exact) <= Math.max(0.001, exact * 0.001), `${got} for ${exact}`);
      assert.ok(Math.abs(times.meanMs - values.reduce((sum, each) => sum + each, 0) / values.length) < 0.001);
    }),
  );
});

test("nothing has no quantiles", () => {
  assert.equal(new Times().quantileMs(0.5), 0);
  assert.equal(new Times().meanMs, 0);
});
