import assert from "node:assert/strict";
import { test } from "node:test";
import { clockOffset } from "./clock-offset.ts";

test("the server's time counts where the browser's clock is wrong, and seconds of a reply's way do not", () => {
  const date = "Mon, 30 Nov 2026 20:00:00 GMT";
  const at = Date.UTC(2026, 10, 30, 20);
  assert.equal(clockOffset(date, at + 3_600_000), -3_600_000);
  assert.equal(clockOffset(date, at - 90_000), 90_000);
  assert.equal(clockOffset(date, at + 2_500), 0);
  assert.equal(clockOffset(null, at), 0);
  assert.equal(clockOffset("no date", at), 0);
});
