import assert from "node:assert/strict";
import { test } from "node:test";
import { Limit } from "../../wire/protocol.ts";
import { refuseTooLarge } from "./code-limit.ts";

test("the functions of a revision may be as large together as a machine takes, and no larger", () => {
  refuseTooLarge([Limit.code - 1, 1]);
  assert.throws(() => refuseTooLarge([Limit.code, 1]), { code: "code-too-large", details: { bytes: Limit.code + 1, limit: Limit.code } });
});
