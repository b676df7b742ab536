import { test } from "node:test";
import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import * as fc from "fast-check";
import { FrameReader } from "./frame-reader.ts";
import { FrameWriter } from "./frame-writer.ts";
import { fromGuest, fromHost } from "./frame-rules.ts";
import { Flag, FrameType, HEADER_BYTES, Limit } from "./protocol.ts";
import { RequestHead as LazyRequestHead } from "../guest/agent/invocation/request-head.ts";
import type { HttpInput, InvocationInput, LambdaContext, RequestHead } from "./host-end.ts";
import { assertHeadWithinLimits } from "./request-limits.ts";
import { headWith, requestHead } from "./testing/model-guest.ts";
import { encodeRequestHead, decodeRequestHead, encodeResponseHead, decodeResponseHead } from "./head.ts";

interface Frame {
  type: number;
  flags: number;
  stream: number;
  payload: Buffer;
}

const dataFrame = fc.record({
  stream: fc.integer({ min: 1, max: 0xffffffff }),
  flags: fc.constantFrom(0, 1),
  payload: fc.oneof(
    { weight: 8, arbitrary: fc.uint8Array({ maxLength: 64 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: Limit.data }).map((size) => new Uint8Array(size).fill(size)) },
  ),
});

test("what is written is read again, however the bytes are cut", () => {
  fc.assert(
    fc.property(fc.array(dataFrame, { maxLength: 20 }), fc.array(fc.integer({ min: 1, max: 40_000 })), (frames, cuts) => {
      const { channel, bytes } = recorder();
      const writer = new FrameWriter(channel);
      for (const frame of frames) writer.frame(FrameType.Data, frame.flags, frame.stream, frame.payload);
      writer.flush();
      const read = readCut(bytes(), cuts);
      assert.equal(read.length, frames.length);
      for (const [n, { flags, stream, payload }] of frames.entries()) {
        assert.deepEqual(read[n], { type: FrameType.Data, flags, stream, payload: Buffer.from(payload) });
      }
    }),
  );
});

test("frames of one turn leave in one write", async () => {
  const { channel, writes } = recorder();
  const writer = new FrameWriter(channel);
  for (let round = 0; round < 3; round += 1) {
    for (let n = 0; n < 1_000; n += 1) writer.credit(1 + 2 * n, 7);
    assert.ok(writer.pendingBytes >= 16_000);
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    assert.equal(writer.pendingBytes, 0);
  }
  assert.equal(writes.length, 3);
});

test("a header over the limit is refused before its payload comes", () => {
  const frames: Frame[] = [];
  const reader = new FrameReader(fromHost, (type, flags, stream, payload) => frames.push({ type, flags, stream, payload }));
  const wrong = reader.push(header(Limit.data + 1, FrameType.Data, 0, 1));
  assert.match(wrong ?? "", /Data of 65537 bytes/);
  assert.equal(reader.buffered, 0);
  assert.equal(reader.push(header(0, FrameType.Data, 1, 1)), null);
  assert.deepEqual(frames, []);
});

test("frames of a type with a head are read as head and body, however their bytes are cut", () => {
  const { channel, writes } = recorder();
  const writer = new FrameWriter(channel);
  writer.headed(FrameType.Request, Flag.End, 1, "head é", Buffer.from("body"));
  writer.headed(FrameType.Request, 0, 3, "no body", null);
  writer.credit(3, 7);
  writer.flush();
  const bytes = Buffer.concat(writes);
  for (let size = 1; size <= bytes.length; size++) {
    const read: unknown[] = [];
    const take = (flags: number, stream: number, head: string, body: Buffer) => read.push([flags, stream, head, body.toString()]);
    const reader = new FrameReader(fromHost, (type) => read.push(type), { type: FrameType.Request, take });
    for (let at = 0; at < bytes.length; at += size) assert.equal(reader.push(bytes.subarray(at, at + size)), null);
    assert.deepEqual(read, [[Flag.End, 1, "head é", "body"], [0, 3, "no body", ""], FrameType.Credit]);
  }
});

test("a head that is longer than its frame is refused", () => {
  for (const size of [1, 100]) {
    const take = () => assert.fail();
    const reader = new FrameReader(fromHost, take, { type: FrameType.Request, take });
    const bytes = Buffer.concat([header(6, FrameType.Request, 0, 1), Buffer.from([3, 0, 0, 0, 65, 65])]);
    let wrong: string | null = null;
    for (let at = 0; at < bytes.length; at += size) wrong ??= reader.push(bytes.subarray(at, at + size));
    assert.equal(wrong, "a Request whose head is too long");
  }
});

test("each side's types, flags, streams and reserved field are checked", () => {
  const cases: [Buffer, RegExp][] = [
    [header(4, FrameType.Request, 1, 1), /type 6/],
    [header(0, 200, 0, 1), /type 200/],
    [header(0, FrameType.Data, 4, 1), /flags 4/],
    [header(0, FrameType.Data, 2, 1), /Pending without End/],
    [header(0, FrameType.Done, 1, 1), /flags 1 on a Done/],
    [header(0, FrameType.Done, 0, 2), /wrong kind/],
    [header(2, FrameType.Connect, 0, 3), /wrong kind/],
    [header(8, FrameType.Pong, 0, 3), /wrong kind/],
    [header(3, FrameType.Credit, 0, 3), /at least 4/],
    [header(0, FrameType.Done, 0, 1, 1), /reserved/],
  ];
  for (const [bytes, wrong] of cases) assert.match(new FrameReader(fromGuest, () => assert.fail()).push(bytes) ?? "", wrong);
});

test("a reader that waits for the rest of a frame holds one payload at most", () => {
  const reader = new FrameReader(fromGuest, () => {});
  reader.push(header(Limit.payload, FrameType.Response, 0, 1));
  for (let n = 0; n < 10; n += 1) {
    reader.push(Buffer.alloc(10_000));
    assert.ok(reader.buffered <= HEADER_BYTES + Limit.payload);
  }
});

/** The fields of a head: characters that node:http lets through, but no LF. */
const field = fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)), maxLength: 40 });
const plain = { noNullPrototype: true };
const headers = fc.array(fc.tuple(field, field), { maxLength: 4 }).map((pairs) => pairs.flat());
const httpInput: fc.Arbitrary<HttpInput> = fc.record(
  { kind: fc.constant("http" as const), event: fc.constant("http-v2" as const), method: field, url: field, headers },
  plain,
);
/** Of AWS Lambda's API, where anything may stand in texts. */
const lambdaInput: fc.Arbitrary<InvocationInput> = fc
  .record({ arn: fc.string({ unit: "binary" }), traceId: field, client: fc.jsonValue({ stringUnit: "grapheme" }) }, plain)
  .map((lambda) => ({ kind: "event", lambda: JSON.parse(JSON.stringify(lambda)) as LambdaContext }));
const anyHead: fc.Arbitrary<RequestHead> = fc.record(
  {
    id: field,
    function: field,
    remainingMs: fc.nat(),
    attempt: fc.integer({ min: 1, max: Limit.attempt }),
    revision: field,
    trace: fc.record({ traceparent: field, tracestate: field }, plain),
    input: fc.oneof(
      httpInput,
      httpInput.map(({ method, url, headers }) => ({ kind: "upgrade" as const, protocol: "websocket" as const, method, url, headers })),
      fc.constant({ kind: "event" as const }),
      lambdaInput,
    ),
  },
  plain,
);

test("request heads of every kind survive the wire", () => {
  fc.assert(fc.property(anyHead, (head) => assert.deepEqual(decodeRequestHead(encodeRequestHead(head)), head)));
});

test("an agent that parses only part of a head reads the same values", () => {
  fc.assert(
    fc.property(anyHead, (head) => {
      const read = new LazyRequestHead(encodeRequestHead(head));
      const { attempt, revision, traceparent, tracestate } = read;
      const trace = { traceparent, tracestate };
      assert.deepEqual({ attempt, revision, trace }, { attempt: head.attempt, revision: head.revision, trace: head.trace });
      assert.deepEqual([read.kind, read.id, read.function, read.remainingMs], [head.input.kind, head.id, head.function, head.remainingMs]);
      const { kind, event, method, url, headers } = read;
      if (head.input.kind === "http") assert.deepEqual({ kind, event, method, url, headers }, head.input);
      else if (head.input.kind === "upgrade") assert.deepEqual({ kind, protocol: event, method, url, headers }, head.input);
      else assert.deepEqual([event, method, url, headers.length], ["", "POST", "http://event.mayfly.internal/", 4]);
    }),
  );
});

test("a head over its limits is refused before it is sent, with an error that names who filled the field", () => {
  const { trace } = requestHead;
  const ours = [
    { ...requestHead, revision: "r".repeat(Limit.revision + 1) },
    { ...requestHead, attempt: 0 },
    { ...requestHead, attempt: Limit.attempt + 1 },
    { ...requestHead, trace: { ...trace, traceparent: "0".repeat(Limit.traceparent + 1) } },
    { ...requestHead, trace: { ...trace, tracestate: "s".repeat(Limit.tracestate + 1) } },
  ];
  const callers = [headWith(["a", "b".repeat(Limit.head)]), headWith(Array.from({ length: 2 * Limit.headerPairs + 2 }, () => "a"))];
  for (const head of ours) assert.throws(() => assertHeadWithinLimits(head, encodeRequestHead(head)), { code: "internal" });
  for (const head of callers) assert.throws(() => assertHeadWithinLimits(head, encodeRequestHead(head)), { code: "head-too-large" });
});

test("response heads survive the wire without hop-by-hop headers", () => {
  const encoded = encodeResponseHead(200, ["set-cookie", "a=1", "set-cookie", "b=2", "Connection", "close", "x", ""]);
  assert.ok("text" in encoded);
  assert.deepEqual(decodeResponseHead(encoded.text), { status: 200, headers: ["set-cookie", "a=1", "set-cookie", "b=2", "x", ""] });
});

test("response heads that HTTP could not carry are refused", () => {
  for (const text of ["", "199", "600", "2OO", "200\na", "200\na b\n1", "200\n\n1", "200\na\n1\r", "200\na\n\0", "200\na\n\u007f"]) {
    assert.equal(typeof decodeResponseHead(text), "string", JSON.stringify(text));
  }
  assert.equal(typeof decodeResponseHead(`200${"\na\n1".repeat(257)}`), "string");
});

test("the guest's own check of heads refuses whatever the host would refuse", () => {
  const field = fc.string({ unit: "binary", maxLength: 3 });
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 700 }), fc.array(fc.tuple(field, field)), (status, pairs) => {
      const encoded = encodeResponseHead(status, pairs.flat());
      if ("text" in encoded) assert.notEqual(typeof decodeResponseHead(encoded.text), "string");
    }),
  );
});

function header(length: number, type: number, flags: number, stream: number, reserved = 0): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.writeUInt32LE(length, 0);
  bytes.set([type, flags], 4);
  bytes.writeUInt16LE(reserved, 6);
  bytes.writeUInt32LE(stream, 8);
  return bytes;
}

function readCut(bytes: Buffer, cuts: number[]): Frame[] {
  const frames: Frame[] = [];
  const reader = new FrameReader(fromHost, (type, flags, stream, payload) => frames.push({ type, flags, stream, payload }));
  let at = 0;
  for (let n = 0; at < bytes.length; n += 1) {
    const size = cuts[n % Math.max(1, cuts.length)] ?? bytes.length;
    assert.equal(reader.push(bytes.subarray(at, at + size)), null);
    assert.ok(reader.buffered <= HEADER_BYTES + Limit.payload);
    at += size;
  }
  return frames;
}

function recorder() {
  const writes: Buffer[] = [];
  const channel = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      writes.push(Buffer.from(chunk));
      done();
    },
  });
  return { channel, writes, bytes: () => Buffer.concat(writes) };
}
