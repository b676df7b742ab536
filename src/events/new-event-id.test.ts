import assert from "node:assert/strict";
import { test } from "node:test";
import { newId } from "./new-event-id.ts";

test("ids are UUIDs of version 7, differ, and begin with a time that never goes back", () => {
  const ids = Array.from({ length: 2_000 }, (_, at) => newId(1_700_000_000_000 - at));
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const times = ids.map((id) => id.slice(0, 13));
  assert.deepEqual(times, times.toSorted());
});
