import assert from "node:assert/strict";
import { test } from "node:test";
import { lostCalls, lostCallsInWords } from "./lost-calls.ts";

const death = { at: 1_000, reason: "it was ended by SIGKILL", livedMs: 5 };

test("lost calls are those that the worker reported before its death; without a report, every app that had machines is listed", () => {
  assert.deepEqual(lostCalls(death, new Set(["ada", "bob"]), undefined), {
    at: 1_000,
    reason: "it was ended by SIGKILL",
    apps: [
      ["ada", null],
      ["bob", null],
    ],
  });
  assert.deepEqual(lostCalls(death, new Set(["ada", "bob"]), [["bob", 2]]).apps, [["bob", 2]]);
});

test("the app's log says why calls were lost, and how many if that is known", () => {
  assert.match(lostCallsInWords(death, null), /worker died.*: it was ended by SIGKILL\. Calls in flight then got no reply/);
  assert.match(lostCallsInWords(death, 1), /\. 1 call in flight got no reply/);
});
