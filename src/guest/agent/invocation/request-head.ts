/** A Request's head. It is parsed only as far as somebody reads it, because most handlers never ask for the headers. */
import type { LambdaContext } from "../../../wire/host-end.ts";

/** What a fetch handler sees of an event, which is not an HTTP call. Nobody can call this host. */
const EVENT_METHOD = "POST";
const EVENT_URL = "http://event.mayfly.internal/";
const EVENT_HEADERS = ["host", "event.mayfly.internal", "content-type", "application/json"] as const;

export class RequestHead {
  /** "http", "event" or "upgrade". An invocation of a kind that only later hosts know is refused. */
  readonly kind: string;
  function: string;
  readonly remainingMs: number;
  readonly #text: string;
  readonly #idEnd: number;
  /** The index at which the attempt begins. */
  readonly #attemptAt: number;
  #rest: Rest | null = null;
  #url: string | null = null;

  /** @param text as described in docs/guest-protocol.md, Heads */
  constructor(text: string) {
    const isHttp = text.startsWith(HTTP);
    const kindEnd = isHttp ? HTTP.length - 1 : text.indexOf("\n");
    const idEnd = text.indexOf("\n", kindEnd + 1);
    const functionEnd = text.indexOf("\n", idEnd + 1);
    const remainingEnd = text.indexOf("\n", functionEnd + 1);
    this.kind = isHttp ? "http" : text.slice(0, kindEnd);
    this.function = text.slice(idEnd + 1, functionEnd);
    this.remainingMs = Number(text.slice(functionEnd + 1, remainingEnd));
    this.#text = text;
    this.#idEnd = idEnd;
    this.#attemptAt = remainingEnd + 1;
  }

  get id(): string {
    return this.#text.slice(this.kind.length + 1, this.#idEnd);
  }

  /** The form of the event that an HTTP call becomes for a Lambda-style handler; of an upgrade, the protocol that the caller asks for. */
  get event(): string {
    return this.#parsed.event;
  }

  get method(): string {
    return this.#parsed.method;
  }

  get url(): string {
    return (this.#url ??= this.#parsed.url);
  }

  set url(url: string) {
    this.#url = url;
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
    return this.isEvent && this.#parsed.tracestateEnd < this.#text.length;
  }

  /** What AWS Lambda's context object says of this invocation; undefined unless the caller expects the answers of AWS Lambda's API. */
  get lambda(): LambdaContext | undefined {
    return this.isLambda ? (JSON.parse(this.#text.slice(this.#parsed.tracestateEnd + 1)) as LambdaContext) : undefined;
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
    const { headersAt } = this.#parsed;
    if (headersAt === 0) return [...EVENT_HEADERS];
    return headersAt >= this.#text.length ? [] : this.#text.slice(headersAt).split("\n");
  }

  /** Attempt, revision, traceparent and tracestate, which few handlers read. */
  #common(): string[] {
    return this.#text.slice(this.#attemptAt, this.#parsed.tracestateEnd).split("\n");
  }

  get #parsed(): Rest {
    return (this.#rest ??= this.#parse());
  }

  #parse(): Rest {
    const text = this.#text;
    const attemptEnd = text.indexOf("\n", this.#attemptAt);
    const revisionEnd = text.indexOf("\n", attemptEnd + 1);
    const traceparentEnd = text.indexOf("\n", revisionEnd + 1);
    const tracestateEnd = endOfField(text, traceparentEnd + 1);
    if (this.kind !== "http" && this.kind !== "upgrade")
      return { tracestateEnd, event: "", method: EVENT_METHOD, url: EVENT_URL, headersAt: 0 };
    const eventEnd = text.indexOf("\n", tracestateEnd + 1);
    const methodEnd = text.indexOf("\n", eventEnd + 1);
    const urlEnd = endOfField(text, methodEnd + 1);
    return {
      tracestateEnd,
      event: text.slice(tracestateEnd + 1, eventEnd),
      method: text.slice(eventEnd + 1, methodEnd),
      url: text.slice(methodEnd + 1, urlEnd),
      headersAt: urlEnd + 1,
    };
  }
}

/** What of a head few handlers ask for. */
interface Rest {
  /** The index at which the tracestate ends. */
  tracestateEnd: number;
  event: string;
  method: string;
  url: string;
  /** The index at which the headers of an HTTP call begin, past the text's end if there are none; 0 of an event. */
  headersAt: number;
}

/** How the head of an HTTP call begins. */
const HTTP = "http\n";

/** The index of the end of the field that begins at `from`, which may be the text's last. */
function endOfField(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}
