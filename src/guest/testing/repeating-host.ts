/** A host that says more than it should: an agent is to hear each thing once. */
import { Duplex } from "node:stream";
import { FrameReader } from "../../wire/frame-reader.ts";
import { fromHost } from "../../wire/frame-rules.ts";
import { Flag, FrameType, HEADER_BYTES } from "../../wire/protocol.ts";
import type { AgentProcess } from "../conformance/adapter.ts";

type Start = (taskRoot: string) => Promise<AgentProcess>;

/**
 * Changes how an agent is started. The host's answers, which are Connected and Resolved, come once more at once and before each further frame of their stream;
 * and behind each end, on streams of both sides, come more bytes and a second end.
 */
export function withRepeatingHost(start: Start): Start {
  return async (taskRoot) => {
    const { child, channel } = await start(taskRoot);
    return { child, channel: repeating(channel) };
  };
}

function repeating(channel: Duplex): Duplex {
  /** By stream. */
  const answers = new Map<number, Buffer>();
  let frames: Buffer[] = [];
  const reader = new FrameReader(fromHost, (type, flags, stream, payload) => {
    const sent = frame(type, flags, stream, payload);
    frames.push(...(answers.has(stream) ? [answers.get(stream)!] : []), sent);
    if (type === FrameType.Connected || type === FrameType.Resolved) {
      answers.set(stream, sent);
      frames.push(sent);
    }
    if ((flags & Flag.End) === 0) return;
    frames.push(frame(FrameType.Data, 0, stream, Buffer.from("more")), frame(FrameType.Data, Flag.End, stream, Buffer.from("still more")));
  });
  const repeated: Duplex = new Duplex({
    read: () => void channel.resume(),
    write(chunk: Buffer, _encoding, done) {
      reader.push(chunk);
      const bytes = Buffer.concat(frames);
      frames = [];
      channel.write(bytes, done);
    },
    final: (done) => void channel.end(done),
    destroy(error, done) {
      channel.destroy();
      done(error);
    },
  });
  channel.on("data", (chunk: Buffer) => void (repeated.push(chunk) || channel.pause()));
  channel.on("end", () => repeated.push(null));
  channel.on("error", () => undefined);
  channel.on("close", () => repeated.destroy());
  return repeated;
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(payload.length, 0);
  header[4] = type;
  header[5] = flags;
  header.writeUInt32LE(stream, 8);
  return Buffer.concat([header, payload]);
}
