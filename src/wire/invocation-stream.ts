/**
 * One Request stream, from the host's side.
 *
 * 1. The sink's calls come in the order of RequestSink, whatever the guest sends. `closed` is the last, and comes once.
 * 2. After reset() the guest's frames are still checked, but the sink is told nothing but `closed`.
 * 3. Only the guest closes the stream: by End without Pending, by Done, or by Reset.
 */
import type { RequestSink, RequestStream } from "./host-end.ts";
import type { Link } from "./link.ts";
import { BodySender } from "./body-sender.ts";
import { ReceiveWindow } from "./receive-window.ts";
import { decodeInterimHead, decodeTrailers } from "./head.ts";
import { Flag, INITIAL_CREDIT, Limit, type ResetCode } from "./protocol.ts";

const AWAITS_HEAD = 0;
const AWAITS_BODY = 1;
/** The reply is complete, and Done is still to come. */
const AWAITS_DONE = 2;
const CLOSED = 3;

export class InvocationStream implements RequestStream {
  readonly stream: number;
  readonly #link: Link;
  readonly #sink: RequestSink;
  readonly #onClosed: (stream: InvocationStream) => void;
  readonly #sender: BodySender | null;
  readonly #window = new ReceiveWindow();
  readonly #position: number;
  readonly #maySwitch: boolean;
  #state = AWAITS_HEAD;
  #muted = false;
  #interims = 0;

  /**
   * Must be made before its Request is written.
   * @param bodySent the bytes of the request's body that are sent with the head; null if all of them are
   * @param maySwitch whether the caller asked for another protocol
   */
  constructor(
    stream: number,
    link: Link,
    sink: RequestSink,
    bodySent: number | null,
    onClosed: (stream: InvocationStream) => void,
    maySwitch = false,
  ) {
    this.stream = stream;
    this.#link = link;
    this.#position = link.writer.position;
    this.#sink = sink;
    this.#maySwitch = maySwitch;
    this.#onClosed = onClosed;
    this.#sender = bodySent === null ? null : new BodySender(link, stream, sink, INITIAL_CREDIT - bodySent);
  }

  get sent(): boolean {
    return this.#link.writer.handed > this.#position;
  }

  write(chunk: Buffer): boolean {
    return this.#sender === null || this.#sender.write(chunk);
  }

  end(trailers?: string[]): void {
    this.#sender?.end(trailers);
  }

  consumed(bytes: number): void {
    if (this.#state < AWAITS_DONE && !this.#muted) this.#window.consumed(bytes, this.#link, this.stream);
  }

  reset(code: ResetCode, message: string): void {
    if (this.#state === CLOSED || this.#muted) return;
    this.#muted = true;
    this.#sender?.close();
    this.#link.writer.reset(this.stream, code, message);
  }

  onResponse(flags: number, text: string, body: Buffer): void {
    if (this.#state !== AWAITS_HEAD) return this.#link.violate("a second Response on a stream");
    const head = this.#link.heads.read(text, this.#maySwitch);
    if (typeof head === "string") return this.#link.violate(head);
    if (body.length > Limit.data || !this.#window.take(body.length)) return this.#link.violate("more body than it had credit for");
    this.#state = stateAfter(flags);
    if (!this.#muted) this.#sink.head(head.status, head.headers, body, (flags & Flag.End) !== 0);
    if (flags === Flag.End) this.#close(!this.#muted);
  }

  onData(flags: number, chunk: Buffer): void {
    if (this.#state !== AWAITS_BODY) return this.#link.violate("a Data frame outside a reply's body");
    if (!this.#window.take(chunk.length)) return this.#link.violate("more body than it had credit for");
    if (chunk.length === 0 && flags === 0) return this.#link.violate("an empty Data frame without End");
    this.#state = stateAfter(flags);
    if (!this.#muted && chunk.length > 0) this.#sink.data(chunk);
    if (!this.#muted && (flags & Flag.End) !== 0) this.#sink.end();
    this.#closeAfter(flags);
  }

  onTrailers(flags: number, payload: Buffer): void {
    if (this.#state !== AWAITS_BODY) return this.#link.violate("Trailers outside a reply's body");
    if ((flags & Flag.End) === 0) return this.#link.violate("Trailers without End");
    const trailers = decodeTrailers(payload.toString("latin1"));
    if (typeof trailers === "string") return this.#link.violate(trailers);
    this.#state = stateAfter(flags);
    if (!this.#muted) this.#sink.end(trailers);
    this.#closeAfter(flags);
  }

  onInterim(payload: Buffer): void {
    if (this.#state !== AWAITS_HEAD) return this.#link.violate("an Interim after the Response");
    this.#interims += 1;
    if (this.#interims > Limit.interims) return this.#link.violate(`more than ${Limit.interims} interim responses`);
    const head = decodeInterimHead(payload.toString("latin1"));
    if (typeof head === "string") return this.#link.violate(head);
    if (!this.#muted) this.#sink.interim?.(head.status, head.headers);
  }

  onCredit(bytes: number): void {
    if (this.#sender !== null && !this.#sender.grant(bytes)) this.#link.violate("a Credit of 0, or over the limit");
  }

  onReset(code: ResetCode, message: string): void {
    if (!this.#muted && this.#state !== AWAITS_DONE) this.#sink.reset(code, message);
    this.#close();
  }

  onDone(): void {
    if (this.#state !== AWAITS_DONE) return this.#link.violate("a Done without Pending");
    this.#close();
  }

  #closeAfter(flags: number): void {
    if (flags === Flag.End) this.#close();
  }

  #close(withHead = false): void {
    this.#state = CLOSED;
    this.#sender?.close();
    this.#onClosed(this);
    this.#sink.closed(withHead);
  }
}

function stateAfter(flags: number): number {
  return (flags & Flag.End) === 0 ? AWAITS_BODY : AWAITS_DONE;
}
