/** Input for the fuzz test: the frames of a sound guest, and ways to break them. Everything follows from the seed. */
import { Duplex } from "node:stream";
import type { Random } from "../../base/testing/random.ts";
import { FrameWriter } from "../frame-writer.ts";
import { Flag, FrameType, HEADER_BYTES, Limit } from "../protocol.ts";

export interface FuzzInput {
  bytes: Buffer;
  /** Roughly the number of frames in it. */
  frames: number;
}

/** Every frame that a guest may send to the fuzz test's host, in a legal order. */
export async function recordConversation(): Promise<Buffer[]> {
  const written: Buffer[] = [];
  const channel = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      written.push(Buffer.from(chunk));
      done();
    },
  });
  speak(new FrameWriter(channel));
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  return cut(Buffer.concat(written));
}

function speak(guest: FrameWriter): void {
  guest.json(FrameType.Hello, 0, { protocol: { min: 3, max: 3 }, agent: "fuzz" });
  guest.json(FrameType.Ready, 0, { protocol: 3, agent: "fuzz", node: "26", kernel: "linux" });
  guest.json(FrameType.Bound, 1, { ok: true });
  const ping = Buffer.alloc(8);
  ping.writeUInt32LE(1);
  guest.frame(FrameType.Pong, 0, 0, ping);
  // Stream 1 is that of the Bind, so the requests begin at 3.
  for (let stream = 3; stream < 27; stream += 2) talkOn(guest, stream);
  for (let stream = 2; stream < 20; stream += 4) askOutside(guest, stream);
  guest.json(FrameType.Stats, 0, stats);
}

const stats = { cpuMs: 1, loopDelayMeanMs: 1, loopDelayMaxMs: 1, loopUtilization: 0.1, heapUsedBytes: 1, rssBytes: 1, inFlight: 1 };

function talkOn(guest: FrameWriter, stream: number): void {
  guest.frame(FrameType.Log, 0, stream, Buffer.from("\u0001a line"));
  switch (stream % 8) {
    case 1:
      return guest.headed(FrameType.Response, Flag.End, stream, "200\ncontent-type\ntext/plain", Buffer.from("hello"));
    case 3:
      guest.frame(FrameType.Interim, 0, stream, Buffer.from("103\nlink\n</a>"));
      guest.headed(FrameType.Response, 0, stream, "200", Buffer.from("a"));
      for (let n = 0; n < 20; n += 1) guest.frame(FrameType.Data, 0, stream, Buffer.from("chunk"));
      if (stream % 16 === 3) return guest.frame(FrameType.Trailers, Flag.End, stream, Buffer.from("x-a\n1\nx-b\n"));
      return guest.frame(FrameType.Data, Flag.End, stream, null);
    case 5:
      guest.headed(FrameType.Response, Flag.End | Flag.Pending, stream, "204\nx\ny\nset-cookie\na=b", null);
      return guest.frame(FrameType.Done, 0, stream, null);
    default:
      guest.credit(stream, 1_000);
      return guest.reset(stream, 7, "it threw");
  }
}

function askOutside(guest: FrameWriter, stream: number): void {
  guest.json(FrameType.Resolve, stream, { host: "example.com", family: 0 });
  guest.json(FrameType.Connect, stream + 2, { host: "example.com", port: 443 });
  guest.reset(stream + 2, 1, "");
}

function cut(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + HEADER_BYTES + bytes.readUInt32LE(at);
    frames.push(bytes.subarray(at, end));
    at = end;
  }
  return frames;
}

/** A copy of the conversation with one or more faults, or sometimes none. */
export function mutate(conversation: Buffer[], random: Random): FuzzInput {
  const frames = conversation.map((frame) => frame);
  const rounds = random.chance(0.1) ? 0 : 1 + random.below(3);
  for (let round = 0; round < rounds; round += 1) random.pick(frameMutations)(frames, random);
  let bytes = Buffer.concat(frames);
  if (rounds > 0 && random.chance(0.5)) bytes = random.pick(byteMutations)(bytes, random);
  return { bytes, frames: frames.length };
}

const frameMutations: ((frames: Buffer[], random: Random) => void)[] = [
  function swap(frames, random) {
    const a = random.below(frames.length);
    const b = random.below(frames.length);
    [frames[a], frames[b]] = [frames[b]!, frames[a]!];
  },
  function repeat(frames, random) {
    frames.splice(random.below(frames.length), 0, random.pick(frames));
  },
  function drop(frames, random) {
    frames.splice(random.below(frames.length), 1);
  },
  function insert(frames, random) {
    frames.splice(random.below(frames.length), 0, randomFrame(random));
  },
  function changeHeader(frames, random) {
    const at = random.below(frames.length);
    const frame = Buffer.from(frames[at]!);
    frame[4 + random.below(HEADER_BYTES - 4)] = random.below(40);
    frames[at] = frame;
  },
  function changePayload(frames, random) {
    const at = random.below(frames.length);
    const frame = Buffer.from(frames[at]!);
    if (frame.length > HEADER_BYTES) frame[HEADER_BYTES + random.below(frame.length - HEADER_BYTES)] = random.below(256);
    frames[at] = frame;
  },
];

const byteMutations: ((bytes: Buffer<ArrayBuffer>, random: Random) => Buffer<ArrayBuffer>)[] = [
  function flipBits(bytes, random) {
    for (let flips = 1 + random.below(8); flips > 0; flips -= 1) {
      const at = random.below(bytes.length);
      bytes[at]! ^= 1 << random.below(8);
    }
    return bytes;
  },
  function truncate(bytes, random) {
    return bytes.subarray(0, random.below(bytes.length));
  },
  function removeRange(bytes, random) {
    const at = random.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random.below(200))]);
  },
  function splice(bytes, random) {
    return Buffer.concat([bytes.subarray(0, random.below(bytes.length)), bytes.subarray(random.below(bytes.length))]);
  },
];

/** Well-formed headers of every type, with arbitrary payloads. */
export function randomFrames(random: Random): FuzzInput {
  const frames = Array.from({ length: 1 + random.below(60) }, () => randomFrame(random));
  return { bytes: Buffer.concat(frames), frames: frames.length };
}

function randomFrame(random: Random): Buffer {
  const type = random.chance(0.95) ? random.pick(fromGuestTypes) : random.below(256);
  const payload = randomPayload(type, random);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(random.chance(0.98) ? payload.length : random.below(2 ** 32), 0);
  header[4] = type;
  header[5] = random.pick([0, 0, 0, 1, 1, 2, 3, random.below(256)]);
  header.writeUInt32LE(random.chance(0.95) ? random.below(32) : random.below(2 ** 32), 8);
  return Buffer.concat([header, payload]);
}

const fromGuestTypes = [
  FrameType.Hello,
  FrameType.Ready,
  FrameType.Bound,
  ...Array.from({ length: 4 }, () => [
    FrameType.Response,
    FrameType.Data,
    FrameType.Credit,
    FrameType.Reset,
    FrameType.Done,
    FrameType.Log,
  ]).flat(),
  FrameType.Trailers,
  FrameType.Interim,
  FrameType.Stats,
  FrameType.Pong,
  FrameType.Connect,
  FrameType.Resolve,
];

const texts = [
  "200",
  "200\na\nb",
  "99",
  "200\na",
  "103\na\nb",
  "a\nb",
  '{"ok":true}',
  "{}",
  "[]",
  "\0\0\0\0",
  '{"host":"h","port":1}',
  '{"host":"h","family":4}',
  "",
];

function randomPayload(type: number, random: Random): Buffer {
  const text = Buffer.from(random.pick(texts));
  if (type === FrameType.Done) return Buffer.alloc(0);
  if (type === FrameType.Credit) return u32(random.chance(0.8) ? random.below(100_000) : random.below(2 ** 32));
  if (type === FrameType.Reset) return Buffer.concat([u32(random.below(13)).subarray(0, 2), text]);
  if (type === FrameType.Response)
    return Buffer.concat([u32(random.chance(0.9) ? text.length : random.below(80_000)), text, noise(random, 200)]);
  if (type === FrameType.Data) return noise(random, random.chance(0.02) ? Limit.data + 10 : 100);
  if (type === FrameType.Log) return Buffer.concat([Buffer.from([random.below(6)]), text]);
  return random.chance(0.7) ? text : noise(random, 64);
}

function noise(random: Random, most: number): Buffer {
  return Buffer.alloc(random.below(most + 1), random.below(256));
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
