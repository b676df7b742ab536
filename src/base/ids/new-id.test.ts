import assert from "node:assert/strict";
import { test } from "node:test";
import { isId, newId } from "./new-id.ts";

test("an id says its kind, is no name that an older Mayfly allowed, and comes once", () => {
  const ids = new Set(Array.from({ length: 1_000 }, () => newId("app")));
  assert.equal(ids.size, 1_000);
  for (const id of ids) {
    assert.ok(isId("app", id), id);
    assert.ok(!isId("revision", id), id);
    assert.doesNotMatch(id, /^[a-z][a-z0-9-]*$/);
  }
});
