import assert from "node:assert/strict";
import { test } from "node:test";
import { prefersLater, wishesIn } from "./wishes.ts";

test("a caller asks by headers of any case, and what it does not ask for is absent", () => {
  assert.deepEqual(wishesIn(["Accept", "*/*"], 1_000), {});
  assert.deepEqual(wishesIn(["Idempotency-Key", "a", "mayfly-DELAY", "1.5", "Mayfly-Order-Key", "b", "Mayfly-Priority", "-3"], 1_000), {
    idempotencyKey: "a",
    dueAt: 2_500,
    orderKey: "b",
    priority: -3,
  });
});

for (const [name, value] of [
  ["Mayfly-Delay", "-1"],
  ["Mayfly-Delay", ""],
  ["Mayfly-Delay", "soon"],
  ["Mayfly-Delay", "1e309"],
  ["Mayfly-Delay", "31622401"],
  ["Mayfly-Priority", "101"],
  ["Mayfly-Priority", "NaN"],
  ["Idempotency-Key", ""],
  ["Mayfly-Order-Key", "x".repeat(257)],
] as const)
  test(`${name}: ${value.slice(0, 20)} is refused by its name`, () => {
    assert.throws(() => wishesIn([name, value], 0), { code: "bad-request", message: new RegExp(name) });
  });

test("only the preference itself asks for an answer before the call has run", () => {
  for (const text of ["respond-async", "wait=10, Respond-Async", "respond-async; a=b", " respond-async "])
    assert.ok(prefersLater(text), text);
  for (const text of [undefined, "", "respond-asynchronously", "return=minimal", "x-respond-async"])
    assert.ok(!prefersLater(text), String(text));
});
