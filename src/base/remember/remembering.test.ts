import assert from "node:assert/strict";
import { test } from "node:test";
import { remembering } from "./remembering.ts";

test("what follows from a text is worked out once, until too many others came; long texts and failures are not kept", () => {
  const worked: string[] = [];
  const lengthOf = remembering(2, (text) => {
    worked.push(text);
    if (text === "bad") throw new Error("bad");
    return text === "nothing" ? null : text.length;
  });
  const count = (text: string) => worked.filter((each) => each === text).length;
  assert.deepEqual([lengthOf("one"), lengthOf("one"), lengthOf("nothing"), lengthOf("nothing")], [3, 3, null, null]);
  assert.deepEqual(worked, ["one", "nothing"]);
  lengthOf("third");
  lengthOf("one");
  assert.equal(count("one"), 2, "the third text made all be forgotten");
  const long = "x".repeat(1_000);
  assert.deepEqual([lengthOf(long), lengthOf(long), count(long)], [1_000, 1_000, 2]);
  for (let at = 0; at < 2; at += 1) assert.throws(() => lengthOf("bad"), /bad/);
  assert.equal(count("bad"), 2);
  assert.deepEqual([lengthOf("constructor"), lengthOf("__proto__")], [11, 9]);
});
