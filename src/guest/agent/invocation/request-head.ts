/** A Request's head. It is parsed only as far as somebody reads it, because most handlers never ask for the headers. */
import type { LambdaContext } from "../../../wire/host-end.ts";

/** What a fetch handler sees of an event, which is not an HTTP call. Nobody can call this host. */
const EVENT_METHOD = "POST";
const EVENT_URL = "http://event.mayfly.internal/";
const EVENT_HEADERS = ["host", "event.mayfly.internal", "content-type", "application/json"] as const;

export class RequestHead {
  /** "http", "event" or "upgrade". An invocation of a kind that only later hosts know is refused. */
  readonly kind: string;
  readonly id: string;
  function: string;
  readonly remainingMs: number;
  /** The form of the event that an HTTP call becomes for a Lambda-style handler; of an upgrade, the protocol that the caller asks for. */
  readonly event: string = "";
  readonly method: string = EVENT_METHOD;
  url: string = EVENT_URL;
  readonly #text: string;
  /** The index at which the attempt begins; the next field is the index at which the tracestate ends. */
  readonly #attemptAt: number;
  readonly #tracestateEnd: number;
  /** The index at which the headers of an HTTP call begin; past the text's end if there are none. */
  readonly #headersAt: number = 0;

  /** @param text as described in docs/guest-protocol.md, Heads */
  constructor(text: string) {
    const kindEnd = text.indexOf("\n");
    const idEnd = text.indexOf("\n", kindEnd + 1);
    const functionEnd = text.indexOf("\n", idEnd + 1);
    const remainingEnd = text.indexOf("\n", functionEnd + 1);
    this.#text = text;
    this.kind = text.slice(0, kindEnd);
    this.id = text.slice(kindEnd + 1, idEnd);
    this.function = text.slice(idEnd + 1, functionEnd);
    this.remainingMs = Number(text.slice(functionEnd + 1, remainingEnd));
    this.#attemptAt = remainingEnd + 1;
    const attemptEnd = text.indexOf("\n", remainingEnd + 1);
    const revisionEnd = text.indexOf("\n", attemptEnd + 1);
    const traceparentEnd = text.indexOf("\n", revisionEnd + 1);
    const tracestateEnd = endOfField(text, traceparentEnd + 1);
    this.#tracestateEnd = tracestateEnd;
    if (this.kind !== "http" && this.kind !== "upgrade") return;
    const eventEnd = text.indexOf("\n", tracestateEnd + 1);
    const methodEnd = text.indexOf("\n", eventEnd + 1);
    const urlEnd = endOfField(text, methodEnd + 1);
    this.event = text.slice(tracestateEnd + 1, eventEnd);
    this.method = text.slice(eventEnd + 1, methodEnd);
    this.url = text.slice(methodEnd + 1, urlEnd);
    this.#headersAt = urlEnd + 1;
  }

  /** Whether the body is an event and the reply's body its result, so that neither is an HTTP body. */
  get isEvent(): boolean {
    return this.kind === "event";
  }

  /** Whether the caller asks to go on with another protocol on its connection. */
  get isUpgrade(): boolean {
    return this.kind === "upgrade";
  }

  /** Whether the caller expects the answers of AWS Lambda's API. */
  get isLambda(): boolean {
    return this.isEvent && this.#tracestateEnd < this.#text.length;
  }

  /** What AWS Lambda's context object says of this invocation; undefined unless the caller expects the answers of AWS Lambda's API. */
  get lambda(): LambdaContext | undefined {
    return this.isLambda ? (JSON.parse(this.#text.slice(this.#tracestateEnd + 1)) as LambdaContext) : undefined;
  }

  /** Which attempt at the same work this is, counted from 1. */
  get attempt(): number {
    return Number(this.#common()[0]);
  }

  get revision(): string {
    return this.#common()[1]!;
  }

  get traceparent(): string {
    return this.#common()[2]!;
  }

  get tracestate(): string {
    return this.#common()[3]!;
  }

  /** name, value, name, value… as they arrived; a new list each time. */
  get headers(): string[] {
    if (this.#headersAt === 0) return [...EVENT_HEADERS];
    return this.#headersAt >= this.#text.length ? [] : this.#text.slice(this.#headersAt).split("\n");
  }

  /** Attempt, revision, traceparent and tracestate, which few handlers read. */
  #common(): string[] {
    return this.#text.slice(this.#attemptAt, this.#tracestateEnd).split("\n");
  }
}

/** The index of the end of the field that begins at `from`, which may be the text's last. */
function endOfField(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}
