/** A Request's head. It is cut up only as far as somebody looks, because most handlers never ask for the headers. */

/** What a fetch handler sees of an event: it is no call over HTTP, and nobody can call this host. */
const EVENT_METHOD = "POST";
const EVENT_URL = "http://event.mayfly.internal/";
const EVENT_HEADERS = ["host", "event.mayfly.internal", "content-type", "application/json"] as const;

export class RequestHead {
  /** "http" or "event"; another that a later host sends is refused. */
  readonly kind: string;
  readonly id: string;
  function: string;
  readonly remainingMs: number;
  /** Of an HTTP call: what it becomes for a Lambda-style handler. */
  readonly event: string = "";
  readonly method: string = EVENT_METHOD;
  url: string = EVENT_URL;
  readonly #text: string;
  /** Where the attempt begins, and where the tracestate ends. */
  readonly #attemptAt: number;
  readonly #tracestateEnd: number;
  /** Where the headers of an HTTP call begin; past the end where there are none. */
  readonly #headersAt: number = 0;

  /** @param text as docs/guest-protocol.md has it under Heads */
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
    if (this.kind !== "http") return;
    const eventEnd = text.indexOf("\n", tracestateEnd + 1);
    const methodEnd = text.indexOf("\n", eventEnd + 1);
    const urlEnd = endOfField(text, methodEnd + 1);
    this.event = text.slice(tracestateEnd + 1, eventEnd);
    this.method = text.slice(eventEnd + 1, methodEnd);
    this.url = text.slice(methodEnd + 1, urlEnd);
    this.#headersAt = urlEnd + 1;
  }

  /** The body is an event, and the reply's body its result: neither is HTTP's. */
  get isEvent(): boolean {
    return this.kind === "event";
  }

  /** Which attempt at the same work this is; 1 is the first. */
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

  /** name, value, name, value… as they came; a new list each time. */
  get headers(): string[] {
    if (this.#headersAt === 0) return [...EVENT_HEADERS];
    return this.#headersAt >= this.#text.length ? [] : this.#text.slice(this.#headersAt).split("\n");
  }

  /** Attempt, revision, traceparent and tracestate, which few handlers look at. */
  #common(): string[] {
    return this.#text.slice(this.#attemptAt, this.#tracestateEnd).split("\n");
  }
}

/** Of the field that begins at `from`, and may be the text's last. */
function endOfField(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}
