import assert from "node:assert/strict";
import { test } from "node:test";
import { Random, seedOf } from "../base/testing/random.ts";
import { partCode } from "./part-code.ts";

const SEED = seedOf();

test("the files and the code of the wanted functions come, and nothing else, however the bytes are cut", async (t) => {
  t.diagnostic(`MAYFLY_SEED=${SEED}`);
  for (let seed = SEED; seed < SEED + 300; seed++) {
    const random = new Random(seed);
    const lengths = Array.from({ length: 1 + random.below(6) }, () => random.below(20));
    const functions = lengths.map((bytes, at) => ({ function: `f${at}`, format: "cjs" as const, bytes }));
    const files = random.chance(0.5) ? undefined : { list: random.below(10), bytes: random.below(10) };
    const filled = (length: number, what: string) => Buffer.alloc(length, what);
    const texts = new Map(functions.map(({ function: name, bytes }, at) => [name, filled(bytes, String(at))]));
    const head = filled(files === undefined ? 0 : files.list + files.bytes, "F");
    const whole = Buffer.concat([head, ...texts.values()]);
    const wanted = new Set(functions.filter(() => random.chance(0.5)).map((each) => each.function));
    const parts = (withoutFiles = false) => cut(withoutFiles ? whole.subarray(head.length) : whole, random);
    const code = partCode({ functions, files, parts }, (name) => wanted.has(name));
    const withoutFiles = random.chance(0.5);
    const got: Uint8Array[] = [];
    for await (const part of code.parts(withoutFiles)) got.push(part);
    const own = [...texts].flatMap(([name, text]) => (wanted.has(name) ? [text] : []));
    const expected = Buffer.concat(withoutFiles ? own : [head, ...own]);
    assert.equal(Buffer.concat(got).toString(), expected.toString(), `MAYFLY_SEED=${seed}`);
    assert.deepEqual(
      code.functions.map((each) => each.function),
      [...wanted],
    );
    assert.deepEqual(code.files, files);
  }
});

test("damage in the code of another part is told as well", async () => {
  const parts = function* () {
    yield Buffer.from("ab");
    throw new Error("damaged");
  };
  const functions = ["a", "b"].map((name) => ({ function: name, format: "cjs" as const, bytes: 1 }));
  const code = partCode({ functions, parts }, (name) => name === "a");
  await assert.rejects(async () => {
    for await (const _ of code.parts());
  }, /damaged/);
});

function* cut(whole: Buffer, random: Random): Generator<Buffer> {
  for (let at = 0; at < whole.length;) {
    const end = at + 1 + random.below(12);
    yield whole.subarray(at, end);
    at = end;
  }
}
