/** Input for the fuzz test of agents: the frames of a sound host, and random ones. Everything follows from the seed. */
import { Random } from "../../../base/testing/random.ts";
import { encodeRequestHead } from "../../../wire/head.ts";
import type { InvocationInput } from "../../../wire/host-end.ts";
import { Flag, FrameType, HEADER_BYTES, Limit, REHEARSAL_APP, ResetCode, WARM_FUNCTION } from "../../../wire/protocol.ts";
import { mutate } from "../../../wire/testing/fuzz-input.ts";
import type { AgentAdapter, ConformanceFunction } from "../adapter.ts";
import { functionOf } from "../session.ts";

const functions: ConformanceFunction[] = ["echo", "same", "throws", "prints", "streams", "counts"];

/** Every frame that a host may send, in a legal order. One stream stays open. */
export function hostConversation(adapter: AgentAdapter): Buffer[] {
  const frames = [resume(), ...bind(adapter, 1, REHEARSAL_APP), ...request(3, "echo", "a"), ...bind(adapter, 5, "app")];
  for (const [at, name] of functions.entries()) {
    frames.push(
      ...request(7 + 6 * at, name, ""),
      ...request(9 + 6 * at, name, "[1]", { kind: "event" }),
      frame(FrameType.Ping, 0, 0, Buffer.alloc(8, at)),
    );
    frames.push(...request(11 + 6 * at, name, "x".repeat(200), undefined, 3));
  }
  frames.push(resume(), credit(41, 50_000), reset(41), credit(2, 1), reset(4), frame(FrameType.Data, Flag.End, 99, Buffer.from("x")));
  frames.push(
    ...request(OPEN, "echo", "never ended", undefined, 1).slice(0, 1),
    ...request(103, WARM_FUNCTION, ""),
    ...request(105, "nobody", ""),
  );
  return frames;
}

/** The same, but on each stream that the host ends it sends more, and ends it once more. */
export function withMoreAfterEnds(conversation: Buffer[]): Buffer[] {
  return conversation.flatMap((one) => {
    const [flags, stream] = [one[5], one.readUInt32LE(8)];
    if (flags !== Flag.End) return [one];
    return [one, frame(FrameType.Data, 0, stream, Buffer.from("more")), frame(FrameType.Data, Flag.End, stream, Buffer.from("still more"))];
  });
}

/** The stream of a request that is never ended. */
const OPEN = 101;

/** The same, and then the open stream is opened once more. */
export function withStreamOpenedTwice(adapter: AgentAdapter, by: "Bind" | "Request"): Buffer[] {
  const [again] = by === "Bind" ? bind(adapter, OPEN, "app") : request(OPEN, "echo", "", undefined, 1);
  return [...hostConversation(adapter), again!];
}

function resume(): Buffer {
  const message = {
    protocol: { min: 3, max: 3 },
    now: 1_800_000_000_000.5,
    entropy: Buffer.alloc(64, "e").toString("base64"),
    machine: "m-fuzz",
  };
  return frame(FrameType.Resume, 0, 0, Buffer.from(JSON.stringify(message)));
}

function bind(adapter: AgentAdapter, stream: number, app: string): Buffer[] {
  const code = functions.map((name) => Buffer.from(adapter.functions[name].code));
  const [list, content] = [Buffer.from('[["a/b.txt",5,false],["c",0,true]]'), Buffer.from("hello")];
  const bound = functions.map((name, at) => functionOf(adapter, name, { type: "frames", bytes: code[at]!.length }));
  const files = { type: "frames", list: list.length, bytes: content.length };
  const message = { app, revision: "7", functions: bound, files, env: { A: "b" }, memoryMb: 128, egress: false, preload: "echo" };
  const all = Buffer.concat([list, content, ...code]);
  const begin = frame(FrameType.Bind, 0, stream, headed(JSON.stringify(message), all.subarray(0, 30)));
  const pieces = [];
  for (let at = 30; at < all.length; at += 40_000) pieces.push(frame(FrameType.Data, 0, stream, all.subarray(at, at + 40_000)));
  return [begin, ...pieces, frame(FrameType.Data, Flag.End, stream)];
}

/** @param parts the number of Data frames in which the body comes; 0: with the head */
function request(stream: number, name: string, body: string, input?: InvocationInput, parts = 0): Buffer[] {
  const url = `http://h/app/${name}?word=w&ms=1&chunks=5&bytes=10`;
  const http = {
    kind: "http" as const,
    event: "http-v2" as const,
    method: "POST",
    url,
    headers: ["content-type", "text/plain", "Cookie", "a=b"],
  };
  const trace = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", tracestate: "" };
  const head = encodeRequestHead({
    id: `i-${stream}`,
    function: name,
    remainingMs: 5_000,
    attempt: 1,
    revision: "7",
    trace,
    input: input ?? http,
  });
  if (parts === 0) return [frame(FrameType.Request, Flag.End, stream, headed(head, Buffer.from(body)))];
  const size = Math.ceil(body.length / parts);
  const data = Array.from({ length: parts }, (_, at) => Buffer.from(body.slice(at * size, (at + 1) * size)));
  return [
    frame(FrameType.Request, 0, stream, headed(head, Buffer.alloc(0))),
    ...data.map((piece, at) => frame(FrameType.Data, at === parts - 1 ? Flag.End : 0, stream, piece)),
  ];
}

const types = [FrameType.Resume, FrameType.Bind, FrameType.Request, FrameType.Data, FrameType.Credit, FrameType.Reset, FrameType.Ping];
const ofConnection = new Set<number>([FrameType.Resume, FrameType.Ping]);
const withEnd = new Set<number>([FrameType.Bind, FrameType.Request, FrameType.Data]);
const rareTypes = [...types, FrameType.Connected, FrameType.Resolved, FrameType.Hello, FrameType.Pong, 0, 20, 255];

/** A conversation with faults of any kind, or sometimes none. */
export function broken(conversation: Buffer[], random: Random): Buffer {
  return random.chance(0.4) ? withRandomFrames(conversation, random) : mutate(conversation, random).bytes;
}

/** Frames with sound headers and any payload are put into it. */
function withRandomFrames(conversation: Buffer[], random: Random): Buffer {
  const frames = [...conversation];
  for (let more = 1 + random.below(5); more > 0; more--) frames.splice(random.below(frames.length), 0, randomFrame(random));
  return Buffer.concat(frames);
}

function randomFrame(random: Random): Buffer {
  const type = random.chance(0.9) ? random.pick(types) : random.pick(rareTypes);
  const small = random.chance(0.9) ? random.below(60) : random.below(2 ** 32);
  const stream = ofConnection.has(type) ? 0 : small | (random.chance(0.9) ? 1 : 0);
  const end = withEnd.has(type) && random.chance(0.5) ? Flag.End : 0;
  return frame(type, end, stream >>> 0, randomPayload(type, random));
}

const texts = [
  "http\ni\necho\n5\n1\n7\n\n\nhttp-v2\nGET\nhttp://h/",
  "event\ni\nsame\n5\n1\n7\n\n",
  "later\ni\necho\n5\n1\n7\n\n",
  "http\ni\necho\nsoon\n1",
  "",
  "{}",
  "[]",
  '{"app":1}',
];

function randomPayload(type: number, random: Random): Buffer {
  if (type === FrameType.Ping) return random.bytes(8);
  if (type === FrameType.Credit) return u32(1 + random.below(100_000));
  if (type === FrameType.Reset) return Buffer.concat([u32(random.below(20)).subarray(0, 2), random.bytes(random.below(20))]);
  if (type === FrameType.Data) return random.bytes(random.below(300));
  const text = Buffer.from(random.pick(texts));
  if (type === FrameType.Resume) return random.chance(0.5) ? text : random.bytes(20);
  return Buffer.concat([u32(random.chance(0.8) ? text.length : random.below(300)), text, random.bytes(random.below(40))]);
}

export function reset(stream: number): Buffer {
  return frame(FrameType.Reset, 0, stream, Buffer.concat([u32(ResetCode.Cancelled).subarray(0, 2), Buffer.from("gone")]));
}

export function ping(word: string): Buffer {
  return frame(FrameType.Ping, 0, 0, Buffer.from(word));
}

function credit(stream: number, bytes: number): Buffer {
  return frame(FrameType.Credit, 0, stream, u32(bytes));
}

function headed(head: string, body: Uint8Array): Buffer {
  const bytes = Buffer.from(head, "latin1");
  return Buffer.concat([u32(bytes.length), bytes, body]);
}

function frame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(payload.length, 0);
  header[4] = type;
  header[5] = flags;
  header.writeUInt32LE(stream, 8);
  if (payload.length > Limit.payload) throw new Error("too long for a frame");
  return Buffer.concat([header, payload]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
