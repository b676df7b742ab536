import assert from "node:assert/strict";
import { test } from "node:test";
import { containing } from "./contain.ts";

test("each failure is logged once a minute, however often it happens", () => {
  const lines: string[] = [];
  let now = 0;
  const log = { error: ({ err }: { err: unknown }) => void lines.push(String(err)) };
  const contain = containing(log as never, () => now);
  for (let n = 0; n < 240; n++) {
    contain(new Error("EMFILE"));
    contain("a text");
    now += 250;
  }
  assert.deepEqual(lines, ["Error: EMFILE", "a text"]);
  contain(new Error("EMFILE"));
  assert.equal(lines.length, 3);
  for (let n = 0; n < 1_000; n++) contain(new Error(`other ${n}`));
  assert.equal(lines.length, 1_003);
});
