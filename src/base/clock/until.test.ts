import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "./until.ts";

test("resolves with the first answer that is one, also where it is falsy in another way", async () => {
  let asked = 0;
  assert.equal(await until(() => (++asked < 3 ? undefined : 0)), 0);
  assert.equal(asked, 3);
});

test("rejects at the time limit, and names the awaited work", async () => {
  await assert.rejects(
    until(() => false, { what: "a pig that flies", ms: 5 }),
    /a pig that flies/,
  );
});
