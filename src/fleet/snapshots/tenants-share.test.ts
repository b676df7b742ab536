import assert from "node:assert/strict";
import { test } from "node:test";
import { TenantsTurns, thoseThatGo } from "./tenants-share.ts";

const tenants: Record<string, string> = { a1: "a", a2: "a", a3: "a", b1: "b", c1: "c" };
/** The first was used least. */
const saved = (...parts: [part: string, bytes: number][]) => parts.map(([part, bytes], at) => ({ part, bytes, usedAt: at }));

function gone(of: ReturnType<typeof saved>, room: { count: number; bytes: number }, tenant: string, bytes: number): string[] {
  return thoseThatGo(of, room, { tenant, count: 1, bytes }, ({ part }) => tenants[part] ?? "").map(({ part }) => part);
}

test("a tenant whose snapshots are most loses its own for another of its own, and for others'", () => {
  const there = saved(["b1", 10], ["a1", 10], ["a2", 10]);
  const room = { count: 3, bytes: 1_000 };
  assert.deepEqual(gone(there, room, "a", 10), ["a1"]);
  assert.deepEqual(gone(there, room, "c", 10), ["a1"]);
  assert.deepEqual(gone(there, room, "b", 10), ["b1"], "of two that have as much, it is the one that was used least");
});

test("where bytes are short, what counts is bytes", () => {
  const there = saved(["a1", 10], ["a2", 10], ["b1", 70]);
  assert.deepEqual(gone(there, { count: 9, bytes: 100 }, "c", 40), ["b1"]);
  assert.deepEqual(gone(there, { count: 9, bytes: 100 }, "c", 10), []);
  assert.deepEqual(gone(there, { count: 9, bytes: 100 }, "a", 90), ["a1", "a2", "b1"]);
});

test("of one tenant's, those that were used least go", () => {
  assert.deepEqual(gone(saved(["a1", 10], ["a2", 10], ["a3", 10]), { count: 2, bytes: 100 }, "a", 10), ["a1", "a2"]);
});

test("tenants take turns, whatever each has waiting", () => {
  const turns = new TenantsTurns();
  let waiting = ["a1", "a2", "a3", "b1", "c1"];
  const order: string[] = [];
  while (waiting.length > 0) {
    const next = turns.next(waiting, (part) => tenants[part]!)!;
    order.push(next);
    waiting = waiting.filter((each) => each !== next);
  }
  assert.deepEqual(order, ["a1", "b1", "c1", "a2", "a3"]);
  assert.equal(
    turns.next([], () => ""),
    undefined,
  );
});
