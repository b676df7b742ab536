import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { Random, seedOf } from "../../../base/testing/random.ts";
import { ALGORITHMS } from "./checksum.ts";
import { canBeJoined, composed, Digests, joined, LargeDigests } from "./digests.ts";
import { Hashing } from "./hashing.ts";

const check = Buffer.from("123456789");

/** The check values of the catalogue of CRC algorithms, and hashes of the same text. */
const known: Record<string, string> = {
  CRC32: "cbf43926",
  CRC32C: "e3069283",
  CRC64NVME: "ae8b14860a799888",
  SHA1: createHash("sha1").update(check).digest("hex"),
  SHA256: createHash("sha256").update(check).digest("hex"),
};

for (const algorithm of ALGORITHMS)
  test(`${algorithm} has its published value, in however many pieces the bytes come`, () => {
    for (const cut of [0, 1, 4, 8, 9]) {
      const digests = new Digests([algorithm]);
      digests.update(check.subarray(0, cut));
      digests.update(check.subarray(cut));
      const done = digests.finish();
      assert.equal(done.of(algorithm).toString("hex"), known[algorithm]);
      assert.equal(done.md5.toString("hex"), "25f9e794323b453885f5181f1b624d0b");
    }
  });

const seed = seedOf();

test(`the checks of parts make that of the whole (seed ${seed})`, () => {
  const random = new Random(seed);
  for (const algorithm of ALGORITHMS.filter(canBeJoined))
    for (let round = 0; round < 20; round++) {
      const parts = Array.from({ length: 1 + random.below(4) }, () => random.bytes(random.below(300)));
      const values = parts.map((part) => ({ value: valueOf(algorithm, part), size: part.length }));
      assert.equal(joined(algorithm, values).value, valueOf(algorithm, Buffer.concat(parts)), algorithm);
    }
});

test(`large content has the same digests as small content, wherever in memory its pieces begin (seed ${seed})`, async () => {
  const random = new Random(seed);
  const content = random.bytes(5_000);
  const whole = new Digests(ALGORITHMS);
  whole.update(content);
  const wanted = whole.finish();
  const [pieces, large] = [new Digests(ALGORITHMS), new LargeDigests(ALGORITHMS, new Hashing())];
  const memory = new Uint8Array(new SharedArrayBuffer(content.length));
  for (let at = 0; at < content.length;) {
    const length = Math.min(content.length - at, random.below(100));
    const piece = content.subarray(at, at + length);
    pieces.update(piece);
    memory.set(piece);
    await large.update(memory.subarray(0, length));
    at += length;
  }
  for (const found of [pieces.finish(), await large.finish()]) {
    assert.deepEqual(found.md5, wanted.md5);
    for (const algorithm of ALGORITHMS) assert.deepEqual(found.of(algorithm), wanted.of(algorithm), algorithm);
  }
});

test("a composite checksum is that of the parts' checksums, with their number", () => {
  const values = ["a", "b"].map((text) => valueOf("SHA256", Buffer.from(text)));
  const whole = createHash("sha256")
    .update(Buffer.concat(values.map((value) => Buffer.from(value, "base64"))))
    .digest("base64");
  assert.deepEqual(composed("SHA256", values), { algorithm: "SHA256", type: "COMPOSITE", value: `${whole}-2` });
});

function valueOf(algorithm: (typeof ALGORITHMS)[number], bytes: Uint8Array): string {
  const digests = new Digests([algorithm]);
  digests.update(bytes);
  return digests.finish().of(algorithm).toString("base64");
}
