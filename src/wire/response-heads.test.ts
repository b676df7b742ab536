import assert from "node:assert/strict";
import { test } from "node:test";
import { ResponseHeads } from "./response-heads.ts";

test("the same head is read the same each time, whatever a caller does with the list that it got", () => {
  const heads = new ResponseHeads();
  for (let times = 0; times < 3; times++) {
    const head = heads.read("200\ncontent-type\ntext/plain", false);
    assert.ok(typeof head !== "string");
    assert.deepEqual(head, { status: 200, headers: ["content-type", "text/plain"] });
    head.headers.push("more", "and more");
  }
});

test("a head between two that are the same is its own", () => {
  const heads = new ResponseHeads();
  const read = (text: string) => heads.read(text, false);
  const wrong = "a response head whose status is not 200 to 599";
  const texts = ["200\na\n1", "404\na\n1", "200\na\n1", "99", "200\na\n1", "204"];
  assert.deepEqual(texts.map(read), [
    { status: 200, headers: ["a", "1"] },
    { status: 404, headers: ["a", "1"] },
    { status: 200, headers: ["a", "1"] },
    wrong,
    { status: 200, headers: ["a", "1"] },
    { status: 204, headers: [] },
  ]);
});

test("a change of protocol that one call was granted is not granted to the next", () => {
  const heads = new ResponseHeads();
  assert.deepEqual(heads.read("101", true), { status: 101, headers: [] });
  assert.equal(heads.read("101", false), "a response head whose status is not 200 to 599");
});
