import { test } from "node:test";
import assert from "node:assert/strict";
import { PacedWriter } from "./paced-writer.ts";

test("pieces that come while a write is under way are written together", () => {
  const { writer, given, taken, finish } = slowPeer();
  const chunk = Buffer.alloc(65_536, "x");
  for (let n = 0; n < 5_000; n += 1) writer.write(chunk.subarray(n, n + 1));
  assert.equal(given.length, 1);
  finish();
  assert.deepEqual(
    given.map((bytes) => bytes.length),
    [1, 4_999],
  );
  assert.ok(given[1]!.buffer.byteLength < 32_768, "what is held must not keep the chunks alive that it came in");
  finish();
  assert.deepEqual(taken, [1, 4_999]);
});

test("the order is kept, and the end comes last", () => {
  const { writer, given, finish } = slowPeer();
  let ended = 0;
  for (const piece of ["a", "b", "", "c"]) writer.write(Buffer.from(piece));
  writer.end(() => (ended += 1));
  assert.equal(ended, 0);
  finish();
  assert.equal(ended, 1);
  finish();
  assert.equal(Buffer.concat(given).toString(), "abc");
  assert.equal(ended, 1);
});

function slowPeer() {
  const given: Buffer[] = [];
  const taken: number[] = [];
  let underWay: (() => void) | undefined;
  const writer = new PacedWriter({
    write(bytes, done) {
      given.push(bytes);
      underWay = done;
    },
    taken: (bytes) => taken.push(bytes),
  });
  return { writer, given, taken, finish: () => underWay?.() };
}
