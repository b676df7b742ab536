import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyOf, headersIn } from "./http-text.ts";
import { parsed } from "./parsed.ts";
import { plainly } from "./plainly.ts";
import { mayDo, whoMay } from "./rights.ts";

test("headers are lines of a name, a colon and a value; a line that is none is told", () => {
  assert.deepEqual(headersIn("Accept: text/plain\n\n  x-time:  12:30:00  \r\nx-empty:"), [
    ["Accept", "text/plain"],
    ["x-time", "12:30:00"],
    ["x-empty", ""],
  ]);
  assert.deepEqual(headersIn(" \n"), []);
  for (const wrong of ["accept", ": value", "a: b\nnone"]) assert.throws(() => headersIn(wrong), /is no header/, wrong);
});

test("a body is text where it is UTF-8, and digits otherwise; one that was cut may end within a character", () => {
  const base64 = (bytes: readonly number[] | string) => Buffer.from(bytes as string).toString("base64");
  assert.deepEqual(bodyOf(base64("Grüße\0"), false), { text: "Grüße\0", isBinary: false });
  assert.deepEqual(bodyOf("", false), { text: "", isBinary: false });
  assert.deepEqual(bodyOf(base64([0xff, 0x00, 0x0a]), false), { text: "ff 00 0a", isBinary: true });
  const cut = [...Buffer.from("aü")].slice(0, 2);
  assert.deepEqual(bodyOf(base64(cut), true), { text: "a", isBinary: false });
  assert.equal(bodyOf(base64(cut), false).isBinary, true);
  assert.equal(bodyOf(base64(Array.from({ length: 5_000 }, () => 0xff)), false).text.length, 3 * 1_024 - 1);
});

test("what is no JSON is told with the place", () => {
  assert.deepEqual(parsed('{"a":[1]}', "The event"), { a: [1] });
  assert.throws(() => parsed("{", "The event"), /^Error: The event is not JSON\. .+/);
});

test("what would turn a sentence round is shown by its number", () => {
  assert.equal(plainly("because \u202Eevil\u0000\u2069 äö\n<b>"), "because [U+202E]evil[U+0000][U+2069] äö\n<b>");
});

test("who may do something is said in words", () => {
  assert.equal(whoMay("set-limits"), "operator and tenant-admin");
  assert.equal(whoMay("deploy"), "operator, tenant-admin and deployer");
  assert.ok(!mayDo("set-limits", "deployer") && !mayDo("deploy", "constructor"));
});
