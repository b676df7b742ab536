import { test } from "node:test";
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { add, createHeap, firstAt, firstPlace, firstSubject, removeFirst, replaceFirst } from "./heap.ts";

test("events come by their time, and those of the same time in the order in which they were added", () => {
  const action = fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant("add" as const), at: fc.integer({ min: 0, max: 50 }) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("remove" as const) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("replace" as const), at: fc.integer({ min: 0, max: 50 }) }) },
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 2_000, size: "max" }), (actions) => {
      const heap = createHeap();
      const model: { at: number; order: number }[] = [];
      let order = 0;
      for (const each of actions) {
        if (each.kind !== "add" && model.length === 0) continue;
        if (each.kind !== "add") model.shift();
        if (each.kind === "remove") removeFirst(heap);
        else {
          if (each.kind === "add") add(heap, each.at, order, order + 1);
          else replaceFirst(heap, each.at, order, order + 1);
          insert(model, { at: each.at, order: order++ });
        }
        assert.equal(heap.size, model.length);
        assert.equal(firstAt(heap), model[0]?.at ?? Infinity);
        if (model[0] !== undefined) assert.deepEqual([firstSubject(heap), firstPlace(heap)], [model[0].order, model[0].order + 1]);
      }
    }),
    { numRuns: 60 },
  );
});

function insert(model: { at: number; order: number }[], entry: { at: number; order: number }): void {
  const place = model.findIndex(({ at }) => at > entry.at);
  model.splice(place < 0 ? model.length : place, 0, entry);
}
