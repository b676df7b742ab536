/** Compares our signatures with those of AWS's own signer. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { SignatureV4 } from "@smithy/signature-v4";
import * as fc from "fast-check";
import { signatureOf } from "./signature-of.ts";
import { hmacSha256Hex, Sha256 } from "./sha256.ts";
import { deriveKey } from "./signing-keys.ts";

const given = {
  accessKeyId: "AKIDHERE",
  day: "20260131",
  region: "eu-central-1",
  service: "lambda",
  date: "20260131T120000Z",
  signature: "",
  expires: undefined,
};
const secretAccessKey = "a secret that is long enough";
const printable = fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength: 12 });
const text = fc.oneof(printable, fc.string({ unit: "grapheme", maxLength: 6 }));
const part = fc.oneof(
  text.filter((each) => each !== "." && each !== ".." && each !== ""),
  fc.constantFrom("functions", "a b", "x:y", "*!'()"),
);
const request = fc.record({
  method: fc.constantFrom("GET", "POST", "DELETE"),
  parts: fc.array(part, { maxLength: 4 }),
  ends: fc.boolean(),
  query: fc.dictionary(text, fc.array(text, { minLength: 1, maxLength: 3 }), { maxKeys: 4, noNullPrototype: true }),
  headers: fc.dictionary(fc.constantFrom("x-amz-log-type", "x-custom", "content-type"), printable, { noNullPrototype: true }),
  body: fc.uint8Array({ maxLength: 40 }),
});

test("a signature is that of AWS's own signer", async () => {
  await fc.assert(
    fc.asyncProperty(request, async ({ method, parts, ends, query, headers: more, body }) => {
      const path = `/${parts.map(encodeURIComponent).join("/")}${ends && parts.length > 0 ? "/" : ""}`;
      const signer = new SignatureV4({
        service: "lambda",
        region: given.region,
        credentials: { accessKeyId: given.accessKeyId, secretAccessKey },
        sha256: Sha256,
      });
      const headers = { host: "lambda.local", ...more };
      const signed = await signer.sign(
        { protocol: "http:", hostname: "lambda.local", method, path, query, headers, body },
        { signingDate: new Date("2026-01-31T12:00:00Z"), signableHeaders: new Set(Object.keys(headers)) },
      );
      const [, list = "", signature = ""] = /SignedHeaders=([^,]*), Signature=(\w+)/.exec(signed.headers["authorization"]!) ?? [];
      const flat = Object.entries(query).flatMap(([name, values]) => values.map((value): [string, string] => [name, value]));
      const whole = { method, path, query: new URLSearchParams(flat), headers: signed.headers, body };
      assert.equal(signatureOf(whole, { ...given, signedHeaders: list.split(";") }, deriveKey(secretAccessKey, given)), signature);
    }),
  );
});

test("an HMAC is that of node:crypto, for keys of up to a block", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.string({ unit: "binary", maxLength: 200 }), (key, words) => {
      assert.equal(hmacSha256Hex(key, words), createHmac("sha256", key).update(words).digest("hex"));
    }),
  );
  assert.throws(() => hmacSha256Hex(new Uint8Array(65), ""), RangeError);
});
