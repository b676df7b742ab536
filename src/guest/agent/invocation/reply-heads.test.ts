import assert from "node:assert/strict";
import { test } from "node:test";
import { ReplyHeads } from "./reply-heads.ts";

test("a head is written as its status and headers say, also if the list of the one before was changed since", () => {
  const heads = new ReplyHeads();
  const list = ["content-type", "text/plain"];
  assert.deepEqual(heads.encode(200, list), { text: "200\ncontent-type\ntext/plain" });
  assert.deepEqual(heads.encode(200, ["content-type", "text/plain"]), { text: "200\ncontent-type\ntext/plain" });
  list[1] = "text/html";
  assert.deepEqual(heads.encode(200, list), { text: "200\ncontent-type\ntext/html" });
  assert.deepEqual(heads.encode(404, list), { text: "404\ncontent-type\ntext/html" });
  assert.deepEqual(heads.encode(404, []), { text: "404" });
  assert.deepEqual(heads.encode(404, list.slice(0, 0)), { text: "404" });
});

test("a head that HTTP cannot carry is refused each time, and the next one is not", () => {
  const heads = new ReplyHeads();
  for (let times = 0; times < 2; times++) assert.ok("wrong" in heads.encode(200, ["a b", "1"]));
  assert.deepEqual(heads.encode(200, ["a-b", "1"]), { text: "200\na-b\n1" });
});
