import { test } from "node:test";
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { FloodGuard } from "./flood-guard.ts";
import { StreamTable } from "./stream-table.ts";
import { TokenBucket } from "../base/clock/token-bucket.ts";

test("a bucket gives its burst at once, then its rate", () => {
  const bucket = new TokenBucket(10, 20, 0);
  const take = (at: number) => Array.from({ length: 50 }, () => bucket.take(1, at)).filter(Boolean).length;
  assert.deepEqual([take(0), take(0), take(500), take(60_000)], [20, 0, 5, 20]);
});

test("frames without bodies are a flood from 250,000 a second on", () => {
  const countAt = (perSecond: number) => {
    const guard = new FloodGuard(0);
    for (let n = 1; n <= 1_000_000; n += 1) if (guard.count(() => (n / perSecond) * 1_000)) return true;
    return false;
  };
  assert.deepEqual([countAt(240_000), countAt(260_000)], [false, true]);
});

test("the table of streams gives out odd numbers, and never one that is in use", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constant("open" as const), fc.nat(500)), { maxLength: 600 }), (steps) => {
      const table = new StreamTable<{ stream: number }>();
      const model = new Map<number, { stream: number }>();
      for (const step of steps) {
        const open = [...model.values()];
        if (step === "open" || open.length === 0) {
          const stream = { stream: table.nextNumber() };
          assert.ok(stream.stream % 2 === 1 && !model.has(stream.stream));
          table.add(stream);
          model.set(stream.stream, stream);
        } else {
          const stream = open[step % open.length]!;
          table.remove(stream);
          model.delete(stream.stream);
          assert.equal(table.get(stream.stream), undefined);
        }
        assert.equal(table.open, model.size);
        for (const stream of model.values()) assert.equal(table.get(stream.stream), stream);
      }
    }),
    { numRuns: 50 },
  );
});
