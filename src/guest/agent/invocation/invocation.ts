/**
 * One run of a function: a Request stream as the guest sees it.
 *
 * Owns: the stream's two directions, and the count of promises given to waitUntil.
 * 1. Exactly one frame closes the stream: End without Pending, Done, or Reset.
 * 2. After the host's Reset only that frame is sent, once the handler and its promises have settled.
 * 3. Logs carry the stream's number only while the stream is open.
 */
import { performance } from "node:perf_hooks";
import { encodeResponseHead, sendableTrailers, SWITCHING } from "../../../wire/head.ts";
import { Flag, FrameType, INTEGRATION_RESPONSE, Limit, ResetCode } from "../../../wire/protocol.ts";
import type { Connection, StreamEnd } from "../connection.ts";
import { Inlet } from "./inlet.ts";
import { Outlet } from "./outlet.ts";
import { RequestHead } from "./request-head.ts";
import { AsyncLocalStorage } from "node:async_hooks";

const nothing = Buffer.alloc(0);
const none: readonly string[] = [];
/** A body of up to this many bytes fits into one frame, and into the first window, beside the longest head. */
const WHOLE_BYTES = Limit.payload - 4 - Limit.head;
/** Text of up to this many characters fits as well, because a character takes at most three bytes. */
const SHORT_TEXT = Math.floor(WHOLE_BYTES / 3);

/** The heads of replies to an event. */
const RESULT = "200";
const WITH_METADATA = `200\ncontent-type\n${INTEGRATION_RESPONSE}`;
const FAILURE = "500";

/** replying: the head is sent. ended: the body is sent as well, but promises given to waitUntil are pending. */
type State = "running" | "replying" | "ended" | "closed";

export class Invocation implements StreamEnd {
  readonly stream: number;
  readonly head: RequestHead;
  readonly #connection: Connection;
  readonly #onClosed: () => void;
  readonly #deadline: number;
  #state: State = "running";
  #pending = 0;
  #settled = false;
  #abort: Error | null = null;
  #controller: AbortController | null = null;
  #body: Buffer;
  #bodyEnded: boolean;
  #inlet: Inlet | null = null;
  #outlet: Outlet | null = null;
  /** Name, value, name, value…: what the caller sent behind the body. Known when the body has ended. */
  requestTrailers: readonly string[] = none;
  #interims = 0;
  /** Called when the host wants no reply any more. It must end what still produces one. */
  onAbort: ((reason: Error) => void) | null = null;

  constructor(connection: Connection, stream: number, head: string, body: Buffer, ended: boolean, onClosed: () => void) {
    this.#connection = connection;
    this.stream = stream;
    this.head = new RequestHead(head);
    this.#deadline = connection.receivedAt + this.head.remainingMs;
    // A copy, because the next read overwrites the body.
    this.#body = body.length === 0 ? nothing : Buffer.from(body);
    this.#bodyEnded = ended;
    this.#onClosed = onClosed;
  }

  get open(): boolean {
    return this.#state !== "closed";
  }

  /** Whether nothing of the reply has been sent, and the host still wants one. */
  get unanswered(): boolean {
    return this.#state === "running" && this.#abort === null;
  }

  get aborted(): boolean {
    return this.#abort !== null;
  }

  get abortReason(): Error | null {
    return this.#abort;
  }

  get remainingMs(): number {
    return Math.max(0, this.#deadline - performance.now());
  }

  get body(): Inlet {
    if (this.#inlet === null) {
      // User code may read on after its reply has closed the stream; no credit is granted then.
      this.#inlet = new Inlet((bytes) => this.open && this.#connection.writer.credit(this.stream, bytes));
      this.#inlet.push(this.#body, this.#bodyEnded);
      if (this.#abort !== null) this.#inlet.fail(this.#abort);
    }
    return this.#inlet;
  }

  /** Whether it is known by now that the body is empty, because it ended with the head. */
  get hasEmptyBody(): boolean {
    return this.#bodyEnded && this.#body.length === 0;
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#abort !== null) this.#controller.abort(this.#abort);
    }
    return this.#controller.signal;
  }

  /** Sends the whole reply. */
  reply(status: number, headers: string[], body: string | Uint8Array | null): void {
    if (typeof body === "string") {
      if (body.length > SHORT_TEXT) return this.reply(status, headers, Buffer.from(body));
      const text = this.#sendable(status, headers);
      if (text !== null) this.#connection.writer.headedText(FrameType.Response, Flag.End | this.#lastFlags(), this.stream, text, body);
      return;
    }
    if (body !== null && body.length > WHOLE_BYTES) {
      // The length is added so that the caller's client can show progress and resume.
      const outlet = this.begin(status, hasLength(headers) ? headers : [...headers, "content-length", String(body.length)]);
      outlet?.write(body);
      outlet?.end();
      // The handler is done, so an abort need not wait for it.
      this.#settled = true;
      return;
    }
    const head = this.#sendable(status, headers);
    if (head === null) return;
    this.#connection.writer.headed(FrameType.Response, Flag.End | this.#lastFlags(), this.stream, head, body);
  }

  /**
   * Sends the reply's head. The body must be written to what is returned, which is null if no reply is wanted any more, or the head is not
   * valid.
   */
  begin(status: number, headers: string[]): Outlet | null {
    const head = this.#sendable(status, headers);
    if (head === null) return null;
    this.#state = "replying";
    this.#connection.writer.headed(FrameType.Response, 0, this.stream, head, null);
    this.#outlet = new Outlet(this.#connection.writer, this.stream, () => this.#lastFlags());
    return this.#outlet;
  }

  /**
   * Agrees to the protocol that the caller asks for: from now on, the bodies of both directions are that protocol's bytes. Returns what begin() returns.
   */
  switch(headers: string[]): Outlet | null {
    return this.begin(SWITCHING, headers);
  }

  /** The function does not speak the protocol that the caller asks for. */
  refuseUpgrade(): void {
    this.fail(ResetCode.Refused, `the function takes no connections of ${this.head.event}`);
  }

  /** Ends the invocation with a failure. A reply that had begun is cut off. */
  fail(code: ResetCode, message: string): void {
    this.#settled = true;
    if (this.#state === "ended" || this.#state === "closed") return;
    if (this.#abort === null) this.#reset(code, message);
    else this.#closeIfDone();
  }

  /** The handler has ended after an abort, with or without an error. */
  settle(): void {
    this.#settled = true;
    this.#closeIfDone();
  }

  /** Keeps the invocation alive until the promise has settled; `onError` is called with its rejection. */
  waitUntil(promise: unknown, onError: (error: unknown) => void): void {
    this.#pending += 1;
    void Promise.resolve(promise)
      .catch(onError)
      .finally(() => {
        this.#pending -= 1;
        this.#closeIfDone();
      });
  }

  data(chunk: Buffer, ended: boolean): void {
    this.body.push(chunk, ended);
  }

  trailers(pairs: string[]): void {
    this.requestTrailers = pairs;
    this.body.push(nothing, true);
  }

  /** Sends a response that comes before the final one, such as 103 Early Hints. */
  interim(status: number, headers: string[]): void {
    const isWanted = this.#state === "running" && this.#abort === null && !this.head.isEvent && this.#connection.hostTakesTrailers;
    const sent = sendableTrailers(headers);
    if (!isWanted || status < 102 || this.#interims >= Limit.interims) return;
    this.#interims += 1;
    this.#connection.writer.frame(FrameType.Interim, 0, this.stream, Buffer.from([String(status), ...sent].join("\n"), "latin1"));
  }

  /** Those of what a program has sent that can reach the caller. @param pairs name, value, name, value… */
  sendable(pairs: string[]): string[] {
    return this.#connection.hostTakesTrailers && !this.head.isEvent ? sendableTrailers(pairs) : [];
  }

  credit(bytes: number): void {
    this.#outlet?.grant(bytes);
  }

  reset(code: number, message: string): void {
    if (this.#abort !== null) return;
    const [text, name] =
      code === ResetCode.Timeout ? ["The invocation's time is up", "TimeoutError"] : ["The caller went away", "AbortError"];
    const reason = (this.#abort = new DOMException(message === "" ? text : message, name));
    this.#outlet?.close();
    this.#inlet?.fail(reason);
    // This runs in the invocation's context, so that what the handler's listeners print is logged under it.
    current.run(this, () => {
      this.#controller?.abort(reason);
      this.onAbort?.(reason);
    });
    this.#closeIfDone();
  }

  /** The head's text as it is sent; null if no reply is wanted, or the head is not valid. */
  #sendable(status: number, headers: string[]): string | null {
    if (this.#state !== "running") return null;
    if (this.#abort !== null) {
      this.settle();
      return null;
    }
    // A reply to an event is its result, or the error that the function failed with. It is not an HTTP reply.
    if (this.head.isEvent)
      return status >= 400 ? FAILURE : this.head.isLambda && headers[1] === INTEGRATION_RESPONSE ? WITH_METADATA : RESULT;
    const head = this.head.isUpgrade ? encodeResponseHead(status, headers, true) : this.#connection.heads.encode(status, headers);
    if ("text" in head) return head.text;
    this.fail(ResetCode.BadResponse, head.wrong);
    return null;
  }

  /** The flags to set beside End on the frame that completes the reply. */
  #lastFlags(): number {
    this.#settled = true;
    if (this.#pending > 0) {
      this.#state = "ended";
      return Flag.Pending;
    }
    this.#close();
    return 0;
  }

  #closeIfDone(): void {
    if (this.#pending > 0 || this.#state === "closed") return;
    if (this.#state === "ended") {
      this.#connection.writer.frame(FrameType.Done, 0, this.stream, null);
      this.#close();
    } else if (this.#abort !== null && this.#settled) {
      this.#reset(ResetCode.Cancelled, "the handler has settled");
    }
  }

  #reset(code: ResetCode, message: string): void {
    this.#outlet?.close();
    this.#connection.writer.reset(this.stream, code, message);
    this.#close();
  }

  #close(): void {
    this.#state = "closed";
    this.#connection.close(this.stream);
    this.#onClosed();
  }
}

function hasLength(headers: string[]): boolean {
  return headers.some((name, at) => at % 2 === 0 && name.toLowerCase() === "content-length");
}

export const current = new AsyncLocalStorage<Invocation | null>();
