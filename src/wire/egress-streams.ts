/**
 * The streams that the guest opens: Connect and Resolve.
 *
 * 1. At most 256 are open. More are refused, and so are more than 200 a second once a burst of 500 is used up.
 * 2. Stream numbers only rise. A frame for a number that was used and is closed is dropped, because the guest may not know yet that it is
 *    closed.
 * 3. If the guest takes a question back, or the channel ends, the question is aborted, so that nothing is looked up or connected in vain.
 * 4. At most as much Data is dropped as a sound guest can have under way: one window for each stream that it may open.
 */
import type { HostEndEvents } from "./host-end.ts";
import type { Link } from "./link.ts";
import type { Clock } from "../base/clock/clock.ts";
import { egressFailure } from "./egress-failure.ts";
import { EgressStream } from "./egress-stream.ts";
import { TokenBucket } from "../base/clock/token-bucket.ts";
import { connectSchema, parseMessage, resolveSchema } from "./messages.ts";
import { FrameType, INITIAL_CREDIT, Limit, ResetCode } from "./protocol.ts";

const OPENS_PER_SECOND = 200;
const OPENS_AT_ONCE = 500;
const DROPPED_PER_SECOND = OPENS_PER_SECOND * INITIAL_CREDIT;
const DROPPED_AT_ONCE = (OPENS_AT_ONCE + Limit.guestStreams) * INITIAL_CREDIT;

/** Without `resolve`, the channel has no Resolve frames. */
type EgressEvents = Pick<HostEndEvents, "connect"> & Partial<Pick<HostEndEvents, "resolve">>;

export class EgressStreams {
  readonly #link: Link;
  readonly #events: EgressEvents;
  readonly #clock: Clock;
  readonly #opens: TokenBucket;
  readonly #drops: TokenBucket;
  readonly #connections = new Map<number, EgressStream>();
  readonly #resolving = new Map<number, AbortController>();
  #highest = 0;

  constructor(link: Link, events: EgressEvents, clock: Clock) {
    this.#link = link;
    this.#events = events;
    this.#clock = clock;
    this.#opens = new TokenBucket(OPENS_PER_SECOND, OPENS_AT_ONCE, clock.now());
    this.#drops = new TokenBucket(DROPPED_PER_SECOND, DROPPED_AT_ONCE, clock.now());
  }

  onConnect(stream: number, payload: Buffer): void {
    if (!this.#open(stream)) return;
    const asked = parseMessage(connectSchema, payload);
    if (asked === undefined) return this.#link.violate("a Connect that is malformed");
    const connection = new EgressStream(stream, this.#link, () => this.#connections.delete(stream));
    this.#connections.set(stream, connection);
    this.#events.connect(asked.host, asked.port, connection.gone, asked.name).then(
      (socket) => connection.connected(socket),
      (error: unknown) => connection.reset(...egressFailure(error, ResetCode.ConnectFailed)),
    );
  }

  onResolve(stream: number, payload: Buffer): void {
    if (!this.#open(stream)) return;
    const asked = parseMessage(resolveSchema, payload);
    if (asked === undefined) return this.#link.violate("a Resolve that is malformed");
    const question = new AbortController();
    this.#resolving.set(stream, question);
    this.#events.resolve!(asked.host, asked.family, question.signal).then(
      (addresses) => this.#resolved(stream, () => this.#link.writer.json(FrameType.Resolved, stream, { addresses })),
      (error: unknown) => this.#resolved(stream, () => this.#refuse(stream, ...egressFailure(error, ResetCode.ResolveFailed))),
    );
  }

  onData(stream: number, flags: number, chunk: Buffer): void {
    const connection = this.#connections.get(stream);
    if (connection !== undefined) return connection.onData(flags, chunk);
    this.#checkUsed(stream);
    if (!this.#drops.take(chunk.length, this.#clock.now()))
      this.#link.violate("more Data on closed connections than it ever had credit for");
  }

  onCredit(stream: number, bytes: number): void {
    const connection = this.#connections.get(stream);
    if (connection === undefined) this.#checkUsed(stream);
    else connection.onCredit(bytes);
  }

  onReset(stream: number): void {
    const connection = this.#connections.get(stream);
    if (connection !== undefined) return connection.close();
    const question = this.#resolving.get(stream);
    if (question === undefined) return this.#checkUsed(stream);
    this.#resolving.delete(stream);
    question.abort();
  }

  close(): void {
    for (const question of this.#resolving.values()) question.abort();
    this.#resolving.clear();
    for (const connection of this.#connections.values()) connection.close();
  }

  /** Returns false if the stream was refused, or if opening it was a violation; the guest or the owner has been told. */
  #open(stream: number): boolean {
    if (stream <= this.#highest) {
      this.#link.violate(`stream ${stream} opened after ${this.#highest}`);
      return false;
    }
    this.#highest = stream;
    const tooMany = this.#connections.size + this.#resolving.size >= Limit.guestStreams;
    if (!tooMany && this.#opens.take(1, this.#clock.now())) return true;
    const limit = tooMany ? `${Limit.guestStreams} at once` : `${OPENS_PER_SECOND} a second`;
    this.#refuse(stream, ResetCode.Refused, `too many connections: ${limit} are allowed`);
    return false;
  }

  /** Calls `answer` unless the guest has taken the question back. */
  #resolved(stream: number, answer: () => void): void {
    if (this.#resolving.delete(stream)) answer();
  }

  #refuse(stream: number, code: ResetCode, message: string): void {
    this.#link.writer.reset(stream, code, message);
  }

  #checkUsed(stream: number): void {
    if (stream > this.#highest) this.#link.violate(`a frame on stream ${stream}, which was never opened`);
  }
}
