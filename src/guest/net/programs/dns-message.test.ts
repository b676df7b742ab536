import assert from "node:assert/strict";
import { test } from "node:test";
import { Random, seedOf } from "../../../base/testing/random.ts";
import { RecordType, ResultCode, answer, failure, parseQuestion } from "./dns-message.ts";

const head = Buffer.from("abcd01000001000000000000", "hex");

function question(name: string, type: number, more = Buffer.alloc(0)): Buffer {
  const named = name.split(".").filter((label) => label !== "");
  const labels = named.flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, "latin1")]);
  return Buffer.concat([head, ...labels, Buffer.from([0, type >> 8, type & 255, 0, 1]), more]);
}

test("a question is taken apart, whatever follows it", () => {
  const plain = question("www.Example.com", RecordType.AAAA);
  // What clients send along that understand more than RFC 1035.
  const extended = question("www.Example.com", RecordType.AAAA, Buffer.from("0000291000000000000000", "hex"));
  for (const message of [plain, extended])
    assert.deepEqual(parseQuestion(message), { name: "www.Example.com", type: RecordType.AAAA, head: plain });
});

test("an answer repeats the question, and has the addresses", () => {
  const asked = question("a.example", RecordType.A);
  const parsed = parseQuestion(asked);
  assert.ok(parsed !== undefined && !("code" in parsed));
  const reply = answer(parsed, ["192.0.2.7", "192.0.2.8"], 512);
  const record = (address: string) => `c00c00010001000000000004${address}`;
  const expected = `abcd81800001000200000000${asked.subarray(12).toString("hex")}${record("c0000207")}${record("c0000208")}`;
  assert.equal(reply.toString("hex"), expected);
});

test("all forms of IPv6 addresses become the same bytes", () => {
  const parsed = parseQuestion(question("a.example", RecordType.AAAA));
  assert.ok(parsed !== undefined && !("code" in parsed));
  const forms: Record<string, string> = {
    "2001:db8::7": "20010db8000000000000000000000007",
    "2001:db8:0:0:0:0:0:7": "20010db8000000000000000000000007",
    "::": "00000000000000000000000000000000",
    "::1": "00000000000000000000000000000001",
    "fe80::": "fe800000000000000000000000000000",
    "::ffff:192.0.2.7": "00000000000000000000ffffc0000207",
    "64:ff9b::192.0.2.7": "0064ff9b0000000000000000c0000207",
  };
  for (const [text, bytes] of Object.entries(forms)) assert.equal(answer(parsed, [text], 512).subarray(-16).toString("hex"), bytes, text);
});

test("an answer that is too long is cut, and says so", () => {
  const parsed = parseQuestion(question("a.example", RecordType.A));
  assert.ok(parsed !== undefined && !("code" in parsed));
  const reply = answer(
    parsed,
    Array.from({ length: 100 }, (_, at) => `192.0.2.${at}`),
    512,
  );
  assert.ok(reply.length <= 512);
  assert.equal(reply[2]! & 2, 2);
  assert.equal(reply.readUInt16BE(6), Math.floor((512 - parsed.head.length) / 16));
});

test("what is no question for a resolver of addresses is answered with the reason, or not at all", () => {
  const one = question("a.example", RecordType.A);
  const changed = (at: number, byte: number) => Buffer.from(one.with(at, byte));
  const codeOf = (message: Buffer) => {
    const parsed = parseQuestion(message);
    return parsed !== undefined && "code" in parsed ? parsed.code : parsed;
  };
  assert.equal(parseQuestion(Buffer.alloc(11)), undefined);
  assert.equal(parseQuestion(changed(2, 0x81)), undefined, "an answer");
  assert.equal(codeOf(changed(2, 0x29)), ResultCode.NotImplemented, "an update");
  assert.equal(codeOf(changed(5, 2)), ResultCode.FormatError, "two questions");
  assert.equal(codeOf(changed(12, 0xc0)), ResultCode.FormatError, "a pointer");
  assert.equal(codeOf(one.subarray(0, -1)), ResultCode.FormatError, "a part");
  assert.equal(codeOf(changed(one.length - 1, 3)), ResultCode.NotImplemented, "another class");
  assert.equal(codeOf(question("", RecordType.A)), ResultCode.NoSuchName, "the root");
  for (const name of ["a b", "\u00e9", "a\0b"]) assert.equal(codeOf(question(name, RecordType.A)), ResultCode.NoSuchName, name);
  const long = Array.from({ length: 5 }, () => "x".repeat(60)).join(".");
  assert.equal(codeOf(question(long, RecordType.A)), ResultCode.FormatError, "a name of 305 bytes");
  assert.equal(failure(one, ResultCode.NoSuchName).toString("hex"), `abcd81830001000000000000${one.subarray(12).toString("hex")}`);
  assert.equal(failure(head, ResultCode.FormatError).toString("hex"), "abcd81810000000000000000");
});

const seed = seedOf();
test(`no message makes it throw, and each answer is one to its question (MAYFLY_SEED=${seed})`, () => {
  const random = new Random(seed);
  for (let round = 0; round < 20_000; round++) {
    const message = random.chance(0.5) ? random.bytes(random.below(80)) : mutated(random, question("www.example.com", random.below(300)));
    const parsed = parseQuestion(message);
    if (parsed === undefined) continue;
    const addresses = Array.from({ length: random.below(60) }, () => "192.0.2.7");
    const reply = "code" in parsed ? failure(parsed.head, parsed.code) : answer({ ...parsed, type: RecordType.A }, addresses, 512);
    assert.ok(reply.length <= 512);
    assert.deepEqual(reply.subarray(0, 2), message.subarray(0, 2));
    assert.equal(reply[2]! & 0x80, 0x80);
  }
});

function mutated(random: Random, message: Buffer): Buffer {
  const changed = Buffer.from(message);
  for (let times = random.below(4); times > 0; times--) changed[random.below(changed.length)] = random.below(256);
  return changed.subarray(0, random.chance(0.3) ? random.below(changed.length) : changed.length);
}
