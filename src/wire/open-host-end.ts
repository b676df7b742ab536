/**
 * The host's end of one machine's channel.
 *
 * Owns: the reading and writing of the channel, but not the channel itself, which ends with its machine.
 * 1. The guest is assumed to be hostile: none of its frames can make this throw, stall, or hold more than the limits of protocol.ts.
 * 2. `dead` is reported once. After it, and after close(), no event follows and nothing is read or written.
 * 3. Each frame is handled in one pass: a Request and its reply need no promises, timers or JSON.
 */
import type { Duplex } from "node:stream";
import type { BindMessage, ReadyMessage, ResumeExtras } from "./protocol.ts";
import type { BindCode, HostEnd, HostEndEvents, RequestHead, RequestSink, RequestStream } from "./host-end.ts";
import { type Clock, systemClock } from "../base/clock/clock.ts";
import { MayflyError } from "../base/errors/error.ts";
import { ChannelReader } from "./channel-reader.ts";
import { Control } from "./control.ts";
import { EgressStreams } from "./egress-streams.ts";
import { FloodGuard } from "./flood-guard.ts";
import { fromGuest, nameOf } from "./frame-rules.ts";
import { encodeRequestHead } from "./head.ts";
import { InvocationStream } from "./invocation-stream.ts";
import { LineJoiner } from "./line-joiner.ts";
import { Link } from "./link.ts";
import { LogLimiter } from "./log-limiter.ts";
import { parseMessage, statsSchema } from "./messages.ts";
import { assertHeadWithinLimits } from "./request-limits.ts";
import { Flag, FrameType, INITIAL_CREDIT, Limit, LogLevel, ResetCode } from "./protocol.ts";
import { StreamTable } from "./stream-table.ts";
import { TokenBucket } from "../base/clock/token-bucket.ts";

/** @param channel is read from now on; its errors are reported as `dead` */
export function openHostEnd(channel: Duplex, events: HostEndEvents, clock: Clock = systemClock): HostEnd {
  return new ChannelHostEnd(channel, events, clock);
}

/** The Reset codes that a guest may send. */
const guestResets: ReadonlySet<number> = new Set([
  ResetCode.Cancelled,
  ResetCode.Internal,
  ResetCode.Refused,
  ResetCode.FunctionThrew,
  ResetCode.FunctionLoadFailed,
  ResetCode.FunctionNotFound,
  ResetCode.BadResponse,
]);

class ChannelHostEnd implements HostEnd {
  readonly #events: HostEndEvents;
  readonly #now: () => number;
  readonly #reader: ChannelReader;
  readonly #link: Link;
  readonly #control: Control;
  readonly #egress: EgressStreams;
  readonly #lines: LineJoiner;
  readonly #logs: LogLimiter;
  readonly #flood: FloodGuard;
  readonly #stats: TokenBucket;
  readonly #streams = new StreamTable<InvocationStream>();
  readonly #onStreamClosed = (stream: InvocationStream) => {
    this.#lines.closed(stream.stream);
    this.#streams.remove(stream);
  };
  #heard = 0;
  #heardStats = 0;
  #over = false;

  constructor(channel: Duplex, events: HostEndEvents, clock: Clock) {
    this.#events = events;
    this.#now = () => clock.now();
    this.#link = new Link(channel, (what) => this.#die(what, true));
    this.#control = new Control(this.#link, clock, (error) => this.#giveUp(error));
    this.#egress = new EgressStreams(this.#link, events, clock);
    this.#lines = new LineJoiner((stream, level, text) => events.log(stream, level, text), clock);
    this.#logs = new LogLimiter((...piece) => this.#lines.piece(...piece), clock);
    this.#flood = new FloodGuard(clock.now());
    this.#stats = new TokenBucket(2, 5, clock.now());
    this.#reader = new ChannelReader(channel, {
      rules: fromGuest,
      name: "the channel",
      frame: (type, flags, stream, payload) => this.#onFrame(type, flags, stream, payload),
      headed: { type: FrameType.Response, take: (flags, stream, head, body) => this.#onResponse(flags, stream, head, body) },
      over: (reason, violation) => this.#die(reason, violation),
    });
  }

  get inFlight(): number {
    return this.#streams.open;
  }

  get heard(): number {
    return this.#heard;
  }

  get traffic(): number {
    return this.#heard - this.#heardStats + this.#link.writer.position;
  }

  resume(now: number, entropy: Buffer, machine: string, fresh: boolean, extras: ResumeExtras = {}): Promise<ReadyMessage> {
    return this.#control.resume(now, entropy, machine, fresh, extras);
  }

  bind(message: BindMessage, code: BindCode): Promise<void> {
    return this.#control.bind(this.#streams.nextNumber(), message, code);
  }

  request(head: RequestHead, body: Buffer | null, end: boolean, sink: RequestSink): RequestStream {
    const text = encodeRequestHead(head);
    assertHeadWithinLimits(head, text);
    const bodyBytes = body === null ? 0 : body.length;
    const fits = bodyBytes <= INITIAL_CREDIT && 4 + text.length + bodyBytes <= Limit.payload;
    // If much waits already, as with many requests at once, the body waits in its stream and not in the channel.
    const rides = fits && (bodyBytes === 0 || !this.#link.clogged);
    const whole = end && rides;
    const bodySent = whole ? null : rides ? bodyBytes : 0;
    const maySwitch = head.input.kind === "upgrade";
    const stream = new InvocationStream(this.#streams.nextNumber(), this.#link, sink, bodySent, this.#onStreamClosed, maySwitch);
    this.#streams.add(stream);
    this.#link.writer.headed(FrameType.Request, whole ? Flag.End : 0, stream.stream, text, rides ? body : null);
    if (!rides && body !== null) sendRest(stream, body, end);
    return stream;
  }

  ping(): Promise<number> {
    return this.#control.ping();
  }

  hold(wanted: () => void): void {
    this.#link.writer.hold(wanted);
  }

  release(): void {
    this.#link.writer.release();
  }

  close(): void {
    if (!this.#over) this.#stop(new MayflyError("machine-died", { reason: "it was closed" }));
  }

  /** Responses are bound otherwise: see boundOtherwise(). */
  #onResponse(flags: number, stream: number, head: string, body: Buffer): void {
    this.#heard += 1;
    this.#opened(stream, FrameType.Response)?.onResponse(flags, head, body);
  }

  /** Dispatches a frame by its type. The types that carry invocations come first. */
  #onFrame(type: number, flags: number, stream: number, payload: Buffer): void {
    this.#heard += 1;
    if (!boundOtherwise(type, stream) && this.#flood.count(this.#now)) return this.#die("it floods the host with frames", true);
    switch (type) {
      case FrameType.Data:
        if ((stream & 1) === 0) return this.#egress.onData(stream, flags, payload);
        return this.#opened(stream, type)?.onData(flags, payload);
      case FrameType.Done:
        return this.#opened(stream, type)?.onDone();
      case FrameType.Credit:
        if ((stream & 1) === 0) return this.#egress.onCredit(stream, payload.readUInt32LE(0));
        return this.#opened(stream, type)?.onCredit(payload.readUInt32LE(0));
      case FrameType.Log:
        return this.#onLog(stream, flags, payload);
      default:
        return this.#onRareFrame(type, flags, stream, payload);
    }
  }

  #onRareFrame(type: number, flags: number, stream: number, payload: Buffer): void {
    switch (type) {
      case FrameType.Hello:
        return this.#control.onHello(payload);
      case FrameType.Ready:
        return this.#control.onReady(payload);
      case FrameType.Bound:
        return this.#control.onBound(stream, payload);
      case FrameType.Pong:
        return this.#control.onPong(payload);
      case FrameType.Reset:
        return this.#onReset(stream, payload);
      case FrameType.Stats:
        return this.#onStats(payload);
      case FrameType.Trailers:
        return this.#opened(stream, type)?.onTrailers(flags, payload);
      case FrameType.Interim:
        return this.#opened(stream, type)?.onInterim(payload);
      case FrameType.Connect:
        return this.#egress.onConnect(stream, payload);
      case FrameType.Resolve:
        return this.#egress.onResolve(stream, payload);
    }
  }

  #opened(number: number, type: number): InvocationStream | undefined {
    const stream = this.#streams.get(number);
    if (stream === undefined) this.#die(`a ${nameOf(type)} on stream ${number}, which is not open`, true);
    return stream;
  }

  #onReset(stream: number, payload: Buffer): void {
    const code = payload.readUInt16LE(0);
    if (!guestResets.has(code)) return this.#die(`a Reset with code ${code}`, true);
    if ((stream & 1) === 0) return this.#egress.onReset(stream);
    this.#opened(stream, FrameType.Reset)?.onReset(code as ResetCode, payload.toString("utf8", 2));
  }

  #onLog(stream: number, flags: number, payload: Buffer): void {
    if (payload[0]! > LogLevel.Agent) return this.#die(`a Log of level ${payload[0]}`, true);
    if (!this.#streams.known(stream)) return this.#die(`a Log on stream ${stream}, which was never opened`, true);
    this.#logs.line(stream, payload, (flags & Flag.Partial) !== 0);
  }

  /** Stats are only advice, so those that come too often are dropped. */
  #onStats(payload: Buffer): void {
    this.#heardStats += 1;
    if (!this.#stats.take(1, this.#now())) return;
    const stats = parseMessage(statsSchema, payload);
    if (stats === undefined) return this.#die("a Stats that is malformed", true);
    this.#events.stats(stats);
  }

  #die(reason: string, violation: boolean): void {
    if (this.#over) return;
    this.#stop(violation ? new MayflyError("protocol-violation", { what: reason }) : new MayflyError("machine-died", { reason }));
    this.#events.dead(reason, violation);
  }

  /** Ends the connection although the guest broke no rule. */
  #giveUp(error: MayflyError): void {
    if (this.#over) return;
    this.#stop(error);
    this.#events.dead(error.message.replace(/\.$/, ""), false);
  }

  /** @param error rejects the questions that wait for an answer */
  #stop(error: MayflyError): void {
    this.#over = true;
    this.#reader.close();
    this.#egress.close();
    this.#logs.close();
    this.#lines.close();
    this.#link.close();
    this.#control.close(error);
  }
}

/**
 * Whether the frame belongs to an invocation, which credit and the number of open streams bound already, as they do Responses. Data on a connection
 * does not count, because the connection may be closed.
 */
function boundOtherwise(type: number, stream: number): boolean {
  return type === FrameType.Data && (stream & 1) === 1;
}

/** Sends the part of a body that did not fit into its head's frame. */
function sendRest(stream: InvocationStream, body: Buffer, end: boolean): void {
  stream.write(body);
  if (end) stream.end();
}
