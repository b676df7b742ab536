/** The agent's reader of frames, against frames that are right and wrong, in pieces of any length. What it must find is computed here, by docs/guest-protocol.md. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { Random, seedOf } from "../../../base/testing/random.ts";
import { runJava } from "./testing/java-agent.ts";

const STREAMS = 600;
const MOST_FRAMES = 8;

/** By type: the kinds of stream, the flags, and the least and the most bytes of the payload. */
const rules = new Map<number, { streams: ("zero" | "odd" | "even")[]; flags: number; least: number; most: number }>([
  [2, { streams: ["zero"], flags: 0, least: 2, most: 65_536 }],
  [4, { streams: ["odd"], flags: 1, least: 4, most: 131_072 }],
  [6, { streams: ["odd"], flags: 1, least: 4, most: 131_072 }],
  [8, { streams: ["odd", "even"], flags: 1, least: 0, most: 65_536 }],
  [9, { streams: ["odd", "even"], flags: 0, least: 4, most: 4 }],
  [10, { streams: ["odd", "even"], flags: 0, least: 2, most: 1_026 }],
  [14, { streams: ["zero"], flags: 0, least: 8, most: 8 }],
  [17, { streams: ["even"], flags: 0, least: 2, most: 65_536 }],
  [19, { streams: ["even"], flags: 0, least: 2, most: 65_536 }],
]);

const seed = seedOf();

test(`frames are found wherever the pieces end, and a broken rule is an error at the frame that breaks it (seed ${seed})`, async () => {
  const random = new Random(seed);
  const streams = Array.from({ length: STREAMS }, () => someStream(random));
  const input = Buffer.concat([uint32(STREAMS), ...streams.flatMap((bytes) => [uint32(bytes.length), bytes])]);
  const found = await runJava(fileURLToPath(new URL("testing/ReadFrames.java", import.meta.url)), "ReadFrames", input);
  const expected = streams.map(expectedOf);
  assert.ok(expected.filter((each) => each.endsWith("error\n")).length > STREAMS / 30);
  assert.equal(found, expected.join(""));
});

function someStream(random: Random): Buffer {
  const frames = Array.from({ length: random.below(MOST_FRAMES) }, () => someFrame(random));
  const bytes = Buffer.concat(frames);
  // A third is right to the end; the others are cut, or have a byte or a field changed.
  const fate = random.below(3);
  if (fate === 1 && bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
  return fate === 2 ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes;
}

function someFrame(random: Random): Buffer {
  const [type, rule] = random.pick([...rules]);
  const most = random.chance(0.1) ? rule.most : Math.min(rule.most, rule.least + 300);
  const length = rule.least + random.below(most - rule.least + 1);
  const flags = random.chance(0.5) ? rule.flags : 0;
  const kind = random.pick(rule.streams);
  const stream = kind === "zero" ? 0 : 2 * random.below(2 ** 31 - 1) + (kind === "odd" ? 1 : 2);
  const header = frameHeader({ length, type, flags, reserved: 0, stream });
  if (random.chance(0.05)) header[random.below(header.length)] = random.below(256);
  return Buffer.concat([header, Buffer.alloc(length, `${random.below(1e9)}`)]);
}

interface Header {
  length: number;
  type: number;
  flags: number;
  reserved: number;
  stream: number;
}

function frameHeader({ length, type, flags, reserved, stream }: Header): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32LE(length, 0);
  bytes[4] = type;
  bytes[5] = flags;
  bytes.writeUInt16LE(reserved, 6);
  bytes.writeUInt32LE(stream, 8);
  return bytes;
}

function expectedOf(bytes: Buffer): string {
  let text = "";
  for (let at = 0; at + 12 <= bytes.length;) {
    const [length, type, flags, stream] = [bytes.readUInt32LE(at), bytes[at + 4]!, bytes[at + 5]!, bytes.readUInt32LE(at + 8)];
    if (!isAllowed({ length, type, flags, reserved: bytes.readUInt16LE(at + 6), stream })) return `${text}error\n`;
    const end = at + 12 + length;
    if (end > bytes.length) break;
    text += `${type} ${flags} ${stream} ${length} ${crc32(bytes.subarray(at + 12, end))}\n`;
    at = end;
  }
  return `${text}end\n`;
}

function isAllowed({ length, type, flags, reserved, stream }: Header): boolean {
  const rule = rules.get(type);
  const kind = stream === 0 ? "zero" : stream % 2 === 1 ? "odd" : "even";
  return (
    rule !== undefined &&
    length >= rule.least &&
    length <= rule.most &&
    (flags | rule.flags) === rule.flags &&
    reserved === 0 &&
    rule.streams.includes(kind)
  );
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
