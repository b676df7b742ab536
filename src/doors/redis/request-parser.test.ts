import assert from "node:assert/strict";
import { test } from "node:test";
import { Random, seedOf } from "../../base/testing/random.ts";
import { ProtocolError, RequestParser } from "./request-parser.ts";
import { request } from "./testing/redis-world.ts";

const seed = seedOf();
const roomy = { texts: 1_000, bytes: 1_000_000 };
const read = (parser: RequestParser): string[][] => {
  const all: string[][] = [];
  for (let texts = parser.next(); texts !== null; texts = parser.next())
    all.push(texts.map((text) => Buffer.from(text).toString("latin1")));
  return all;
};

test(`requests are the same however the bytes are split (seed ${seed})`, () => {
  const random = new Random(seed);
  const requests = Array.from({ length: 300 }, () =>
    Array.from({ length: 1 + random.below(6) }, () =>
      String.fromCharCode(...Array.from({ length: random.below(random.chance(0.05) ? 9_000 : 13) }, () => random.below(256))),
    ),
  );
  const bytes = Buffer.from(requests.map((texts) => request(...texts)).join("*0\r\n\r\n"), "latin1");
  const parser = new RequestParser(roomy);
  const found: string[][] = [];
  for (let at = 0; at < bytes.length;) {
    const to = at + 1 + random.below(random.chance(0.1) ? 20_000 : 30);
    parser.push(bytes.subarray(at, to));
    found.push(...read(parser));
    at = to;
  }
  assert.deepEqual(found, requests);
  assert.equal(parser.size, 0);
});

test(`garbage ends with an error or with nothing, and never with anything else (seed ${seed})`, () => {
  const random = new Random(seed);
  for (let round = 0; round < 2_000; round++) {
    const parser = new RequestParser({ texts: 5, bytes: 50 });
    try {
      for (let part = 0; part < 5; part++) {
        parser.push(Buffer.from(Array.from({ length: 20 }, () => "*$:\r\n0123-x ".charCodeAt(random.below(13)))));
        for (const texts of read(parser)) assert.ok(texts.length > 0 && texts.every((text) => text.length <= 50));
      }
    } catch (error) {
      assert.ok(error instanceof ProtocolError, String(error));
    }
  }
});

test("what is announced is refused before it comes", () => {
  for (const bytes of ["*1001\r\n", "*1\r\n$1000001\r\n", "*1048577\r\n", "*1e3\r\n", "*1\r\n$12345678901234567890\r\n"]) {
    const parser = new RequestParser(roomy);
    parser.push(Buffer.from(bytes));
    assert.throws(() => parser.next(), ProtocolError, bytes);
  }
});
