import assert from "node:assert/strict";
import { test } from "node:test";
import { decodedWords, encodedWord } from "./encoded-words.ts";

test("a plain text is sent as it is, another one in the form that leaves more of it readable", () => {
  assert.equal(encodedWord("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"), "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");
  assert.equal(encodedWord("größe 1_?"), "=?UTF-8?Q?gr=C3=B6=C3=9Fe_1=5F=3F?=");
  assert.equal(encodedWord("日本"), "=?UTF-8?B?5pel5pys?=");
  assert.equal(encodedWord("\u0000\u0001\u0002\u0003"), "=?UTF-8?B?AAECAw==?=");
});

test("what is sent comes back, whatever it is", () => {
  for (const text of ["", "plain", "größe 1_?", "日本", "a\u0000b", "=?", "?=", "tab\tand more"])
    assert.equal(decodedWords(encodedWord(text)), text);
});

test("clients' own words are read, in any character set that is known, and others stay as they are", () => {
  assert.equal(decodedWords("=?UTF-8?B?YWJj?= and =?iso-8859-1?q?gr=F6=DFe?="), "abc and größe");
  assert.equal(decodedWords("=?UTF-8?B?YQ==?= =?UTF-8?B?Yg==?="), "ab");
  for (const text of ["=?klingon?B?YWJj?=", "=?UTF-8?X?YWJj?=", "=?UTF-8?B?", "1=?2"]) assert.equal(decodedWords(text), text);
  assert.equal(decodedWords("=?UTF-8?B?/2H/?="), "\ufffda\ufffd");
});
