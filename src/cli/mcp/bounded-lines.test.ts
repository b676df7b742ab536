import assert from "node:assert/strict";
import { test } from "node:test";
import { Random, seedOf } from "../../base/testing/random.ts";
import { BoundedLines, MOST_LINE_BYTES } from "./bounded-lines.ts";

async function through(
  text: string,
  pieceBytes: () => number,
): Promise<{ lines: string; refused: { id: unknown; error: { code: number } }[] }> {
  const refused: { id: unknown; error: { code: number } }[] = [];
  const bounded = new BoundedLines((answer) => refused.push(JSON.parse(answer)));
  const bytes = Buffer.from(text);
  const passed = bounded.toArray();
  for (let at = 0; at < bytes.length;) {
    const end = at + pieceBytes();
    bounded.write(bytes.subarray(at, end));
    at = end;
  }
  bounded.end();
  return { lines: Buffer.concat((await passed) as Buffer[]).toString(), refused };
}

const seed = seedOf();

test(`lines come as they are, however they are cut, and half a line at the end does not (seed ${seed})`, async () => {
  const random = new Random(seed);
  const text = "one\n\ntwo ä\n" + "x".repeat(500) + "\n";
  const { lines, refused } = await through(`${text}half`, () => 1 + random.below(40));
  assert.deepEqual([lines, refused], [text, []]);
});

test("a line that is too long is answered by its id, wherever that stands, and those around it are passed on", async () => {
  const long = "y".repeat(MOST_LINE_BYTES);
  const text = [
    "before",
    `{"jsonrpc":"2.0","id":7,"params":"${long}"}`,
    "between",
    `{"params":{"id":1,"text":"${long}"},"jsonrpc":"2.0","id":"eight"}`,
    `{"params":{"text":"${long}","id":9}}`,
    long,
    "after",
    "",
  ].join("\n");
  for (const size of [65_536, 1_000, 10 * MOST_LINE_BYTES]) {
    const { lines, refused } = await through(text, () => size);
    assert.equal(lines, "before\nbetween\nafter\n");
    assert.deepEqual(
      refused.map(({ id, error }) => [id, error.code]),
      [7, "eight", null, null].map((id) => [id, -32_600]),
    );
  }
});
