/**
 * The guest's end of the channel: it cuts the bytes into frames and hands each frame to its stream.
 *
 * Owns: the table of open streams, and the numbers of those that this side opens.
 * 1. The host is trusted. If it breaks the protocol all the same, the two ends no longer agree, and the agent ends.
 * 2. A frame for a stream that is not open is ignored, because this side closed the stream while the frame was on its way.
 */
import type { Duplex } from "node:stream";
import { FrameReader } from "../../wire/frame-reader.ts";
import { fromHost, nameOf } from "../../wire/frame-rules.ts";
import { FrameWriter } from "../../wire/frame-writer.ts";
import { Flag, FrameType, Limit } from "../../wire/protocol.ts";
import { performance } from "node:perf_hooks";
import { ReplyHeads } from "./invocation/reply-heads.ts";
import { leave, understood } from "./leave.ts";

/** What an open stream receives. A stream ignores frames that make no sense for it. */
export interface StreamEnd {
  data(chunk: Buffer, ended: boolean): void;
  /** The body has ended, with these. @param pairs name, value, name, value… */
  trailers?(pairs: string[]): void;
  credit(bytes: number): void;
  reset(code: number, message: string): void;
  /** Called with Connected or Resolved: the host's answer to a question of this side. */
  answer?(message: unknown): void;
  /** Closes a stream of this side, with what it leads to. */
  cut?(): void;
}

/** Payloads are valid only until the callback returns. */
export interface ConnectionEvents {
  resume(message: unknown): void;
  /** bind() and request() register the stream with adopt() if frames may follow. */
  bind(stream: number, payload: Buffer, ended: boolean): void;
  request(stream: number, head: string, body: Buffer, ended: boolean): void;
  /** Called when the host has taken bytes, with the number that still waits. */
  written(pendingBytes: number): void;
}

export class Connection {
  readonly writer: FrameWriter;
  readonly heads = new ReplyHeads();
  /** Whether the host said that it takes the frames Trailers and Interim. */
  hostTakesTrailers = false;
  readonly #events: ConnectionEvents;
  readonly #reader = new FrameReader(fromHost, (type, flags, stream, payload) => this.#frame(type, flags, stream, payload), {
    type: FrameType.Request,
    take: (flags, stream, head, body) => this.#events.request(stream, head, body, (flags & Flag.End) !== 0),
  });
  readonly #streams = new Map<number, StreamEnd>();
  #lastOpened = 0;
  #openedHere = 0;
  #receivedAt: number | null = null;

  constructor(channel: Duplex, events: ConnectionEvents) {
    this.#events = events;
    this.writer = new FrameWriter(channel, (pendingBytes) => events.written(pendingBytes));
    channel.on("end", () => leave(0));
    channel.on("close", () => leave(0));
    channel.on("error", (error) => leave(1, `the channel failed: ${error.message}`));
  }

  /** @param bytes from the channel; they are not kept after the call */
  receive(bytes: Buffer): void {
    this.#receivedAt = null;
    const wrong = this.#reader.push(bytes);
    if (wrong !== null) leave(1, `the host sent ${wrong}`);
  }

  /** When the bytes that are read now came, by the clock of performance.now(). It is looked at once for all requests among them, because that is slow where the processor is emulated. */
  get receivedAt(): number {
    return (this.#receivedAt ??= performance.now());
  }

  /** The number of a new stream of this side; undefined if too many are open. */
  open(end: StreamEnd): number | undefined {
    if (this.#openedHere >= Limit.guestStreams) return undefined;
    do this.#lastOpened = this.#lastOpened >= 0xffff_fffe ? 2 : this.#lastOpened + 2;
    while (this.#streams.has(this.#lastOpened));
    this.#openedHere += 1;
    this.#streams.set(this.#lastOpened, end);
    return this.#lastOpened;
  }

  /** Registers a stream that the host opened. */
  adopt(stream: number, end: StreamEnd): void {
    const open = this.#streams.size;
    this.#streams.set(stream, end);
    if (this.#streams.size === open) leaveOpen(stream);
  }

  close(stream: number): void {
    if (this.#streams.delete(stream) && (stream & 1) === 0) this.#openedHere -= 1;
  }

  /** Closes all streams that this side opened: the machine is about to be frozen. */
  cutOpened(): void {
    for (const end of this.#streams.values()) end.cut?.();
  }

  #frame(type: number, flags: number, stream: number, payload: Buffer): void {
    const ended = (flags & Flag.End) !== 0;
    switch (type) {
      case FrameType.Data:
        // The payload is copied, because the next read overwrites it.
        this.#streams.get(stream)?.data(Buffer.from(payload), ended);
        return;
      case FrameType.Trailers:
        this.#streams.get(stream)?.trailers?.(payload.toString("latin1").split("\n"));
        return;
      case FrameType.Credit:
        this.#streams.get(stream)?.credit(payload.readUInt32LE(0));
        return;
      case FrameType.Reset:
        this.#streams.get(stream)?.reset(payload.readUInt16LE(0), payload.toString("utf8", 2));
        return;
      case FrameType.Ping:
        this.writer.frame(FrameType.Pong, 0, 0, payload);
        this.writer.flush();
        return;
      case FrameType.Resume:
        this.#events.resume(messageIn(type, payload));
        return;
      case FrameType.Bind:
        // A Bind that is refused adopts no stream, so that adopt() alone would not find out.
        if (this.#streams.has(stream)) leaveOpen(stream);
        understood("a Bind", () => this.#events.bind(stream, payload, ended));
        return;
      default:
        // The rules let only Connected and Resolved through to here.
        this.#streams.get(stream)?.answer?.(messageIn(type, payload));
    }
  }
}

function messageIn(type: number, payload: Buffer): unknown {
  return understood(`a ${nameOf(type)}`, () => JSON.parse(payload.toString()) as unknown);
}

function leaveOpen(stream: number): never {
  return leave(1, `the host opened stream ${stream}, which is open`);
}
