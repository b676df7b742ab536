/** Other agents are written from docs/guest-protocol.md, so its example, its tables and what it says of messages must match the code. */
import { test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connectModelGuest, recordingSink, requestHead } from "./testing/model-guest.ts";
import { FrameType, HEADER_BYTES, Limit, PROTOCOL_VERSION, ResetCode } from "./protocol.ts";
import type { z } from "zod";
import { boundSchema, connectSchema, helloSchema, readySchema, resolveSchema, statsSchema } from "./messages.ts";
import { decodeRequestHead } from "./head.ts";
import { until } from "../base/clock/until.ts";
import { fromGuest, fromHost } from "./frame-rules.ts";

const text = readFileSync(new URL("../../docs/guest-protocol.md", import.meta.url), "utf8");

test("the example in docs/guest-protocol.md is byte for byte what the host sends", async () => {
  const [header, headLength, ...head] = /```\n([0-9a-f]{2} [^`]*)\n```/.exec(text)![1]!.split("\n");
  const { host, got } = connectModelGuest();
  const expected = Buffer.concat([bytes(header!), bytes(headLength!), Buffer.from(head.join("\n"))]);
  assert.equal(expected.readUInt32LE(0), expected.length - HEADER_BYTES);
  assert.equal(expected.readUInt32LE(HEADER_BYTES), head.join("\n").length);
  host.request(requestHead, null, true, recordingSink([]));
  host.request(decodeRequestHead(head.join("\n")), null, true, recordingSink([]));
  await until(() => got.length === 2);
  const { type, flags, stream, payload } = got[1]!;
  assert.deepEqual([type, flags, stream], [expected[4], expected[5], expected.readUInt32LE(8)]);
  assert.ok(payload.equals(expected.subarray(HEADER_BYTES)));
});

test("the table of frames has every type with its number and its side", () => {
  const rows = [...text.matchAll(/^\| (\d+) (\w+) \| (guest|host|both) \|/gm)].map(([, number, name, side]) => [
    name,
    Number(number),
    side,
  ]);
  const expected = Object.entries(FrameType).map(([name, type]) => [name, type, sideOf(type)]);
  assert.deepEqual(rows, expected);
});

test("the tables of messages have exactly the fields of the code, in its order", () => {
  const source = readFileSync(new URL("protocol.ts", import.meta.url), "utf8");
  const expected: [string, string[]][] = [["HelloMessage", Object.keys(helloSchema.shape)]];
  for (const [, name, body] of source.matchAll(/^(?:export )?interface (\w+) \{\n(.*?)^\}/gms))
    expected.push([name!, [...body!.matchAll(/^ {2}(\w+)\??:/gm)].map(([, field]) => field!)]);
  expected.push(["BoundMessage", ["ok", "message"]]);
  assert.match(source, /type BoundMessage = \{ ok: true \} \| \{ ok: false; message: string \};/);
  assert.match(source, /type CodeSource = FramesSource \| FileSource;/, "each source has a table of its own");
  assert.match(source, /type BindFiles = FramesFiles \| FolderFiles;/, "each way of files has a table of its own");
  const tables = text.matchAll(/^### (\w+)\n(.*?)(?=^##)/gms);
  const rows = [...tables].map(([, name, table]) => [name, [...table!.matchAll(/^\| `(\w+)` \|/gm)].map(([, field]) => field)]);
  assert.deepEqual(Object.fromEntries(rows), Object.fromEntries(expected));
});

test("what the page says of messages from the guest is what the host takes", () => {
  const stats = { cpuMs: 0, loopDelayMeanMs: 0, loopDelayMaxMs: 0, loopUtilization: 0, heapUsedBytes: 0, rssBytes: 0, inFlight: 0 };
  const ready = { protocol: 3, agent: "a".repeat(256), node: "a".repeat(256), kernel: "linux" };
  const taken: [z.ZodType, object][] = [
    [helloSchema, { protocol: { min: 1, max: 1_000 }, agent: "a".repeat(256), unknown: 1 }],
    ...["linux", "osv", "gvisor", "host"].map((kernel): [z.ZodType, object] => [readySchema, { ...ready, kernel }]),
    [readySchema, { ...ready, failed: "f".repeat(65_536) }],
    [boundSchema, { ok: true }],
    [boundSchema, { ok: false, message: "m".repeat(65_536) }],
    [statsSchema, stats],
    [connectSchema, { host: "a", port: 1 }],
    [connectSchema, { host: "a", port: 1, name: "b" }],
    ...[0, 4, 6].map((family): [z.ZodType, object] => [resolveSchema, { host: "a", family }]),
  ];
  for (const [schema, message] of taken) assert.ok(schema.safeParse(message).success, JSON.stringify(message).slice(0, 100));
  const refused: [z.ZodType, object][] = [
    [helloSchema, { protocol: { min: 0, max: 2 }, agent: "a" }],
    [readySchema, { ...ready, agent: "a".repeat(257) }],
    [readySchema, { ...ready, kernel: "other" }],
    [readySchema, { ...ready, failed: "f".repeat(65_537) }],
    [boundSchema, { ok: false }],
    [boundSchema, { ok: false, message: "m".repeat(65_537) }],
    ...Object.keys(stats).flatMap((field): [z.ZodType, object][] => [
      [statsSchema, { ...stats, [field]: -1 }],
      [statsSchema, { ...stats, [field]: undefined }],
    ]),
    [resolveSchema, { host: "a", family: 5 }],
  ];
  for (const [schema, message] of refused) assert.ok(!schema.safeParse(message).success, JSON.stringify(message).slice(0, 100));
});

test("the reset codes in the text are those of the code", () => {
  const rows = [...text.matchAll(/^\| (\d+) \| ([a-z-]+) \|/gm)].filter(([, , name]) => !["u8", "u16", "u32"].includes(name!));
  const names = rows.map(([, number, name]) => [
    name!.replaceAll(/(^|-)(\w)/g, (_, _dash, letter: string) => letter.toUpperCase()),
    Number(number),
  ]);
  assert.deepEqual(names, Object.entries(ResetCode));
});

test("the limits in the text are those of the code", () => {
  for (const limit of [Limit.payload, Limit.head, Limit.logText, Limit.resetMessage, Limit.attempt]) {
    assert.ok(text.includes(limit.toLocaleString("en")), `${limit}`);
  }
  assert.ok(text.includes(`\`revision\`, at most ${Limit.revision} characters`));
  assert.ok(text.includes(`\`tracestate\`, at most ${Limit.tracestate} characters`));
  assert.ok(text.startsWith(`# The host-guest protocol, version ${PROTOCOL_VERSION}\n`));
  assert.ok(text.includes(`${Limit.credit / 1_048_576} MiB is outstanding`));
  assert.ok(text.includes(`${Limit.code / 1_048_576} MiB at most`));
  assert.ok(text.includes(`At most ${Limit.guestStreams} are open`));
});

function sideOf(type: number): string {
  if (fromGuest.kinds[type] === 0) return "host";
  return fromHost.kinds[type] === 0 ? "guest" : "both";
}

function bytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(" ", ""), "hex");
}
