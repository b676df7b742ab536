/** The response to a request that came over HTTP/2, with as much of the interface of node:http's as the gateway uses. */
import type { ServerResponse } from "node:http";
import type { OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { guarded } from "../../../base/errors/guarded.ts";
import { isHopByHop } from "../../../wire/head.ts";
import type { Notable, Note } from "../noted.ts";
import type { H2Request } from "./h2-request.ts";

/** As node:events has it. */
// oxlint-disable-next-line typescript/no-explicit-any
type Listener = (...values: any[]) => void;

export class H2Response implements Notable {
  readonly req: H2Request;
  readonly #stream: ServerHttp2Stream;
  readonly #takesTrailers: boolean;
  #trailers: OutgoingHttpHeaders = {};
  /** The head that waits for the first bytes of the body, or for the end: a response without a body is a single frame, which gRPC insists on. */
  #head: OutgoingHttpHeaders | null = null;
  #isHeadWritten = false;
  /** HTTP/1.1 sends trailers behind chunks only; here they are always possible. */
  readonly chunkedEncoding = true;
  shouldKeepAlive = true;
  note: Note | undefined = undefined;

  constructor(request: H2Request) {
    this.req = request;
    this.#stream = request.stream;
    this.#takesTrailers = /(^|,)\s*trailers\s*(,|;|$)/i.test(String(request.headers.te ?? ""));
    const onWanted = () => {
      if (!this.#stream.destroyed) this.#stream.sendTrailers(this.#trailers);
    };
    this.#stream.on(
      "wantTrailers",
      guarded(onWanted, () => this.#stream.destroy()),
    );
  }

  takeNote(note: Note): void {
    this.note = note;
    const onClose = () => note.over(this.writableFinished);
    this.#stream.once(
      "close",
      guarded(onClose, () => undefined),
    );
  }

  get headersSent(): boolean {
    return this.#isHeadWritten;
  }

  get destroyed(): boolean {
    return this.#stream.destroyed;
  }

  /** Whether the client may still be told something. */
  get writable(): boolean {
    return !this.#stream.destroyed;
  }

  get writableFinished(): boolean {
    return this.#stream.writableFinished || this.#stream.destroyed;
  }

  get writableLength(): number {
    return this.#stream.writableLength;
  }

  /** @param list name, value, name, value … */
  writeHead(status: number, list: readonly string[]): this {
    this.note?.answered(status);
    if (this.#isHeadWritten) return this;
    this.#isHeadWritten = true;
    this.#head = Object.assign(headersOf(list), { ":status": status });
    return this;
  }

  flushHeaders(): void {
    this.#sendHead(false);
  }

  write(bytes: Buffer | string, taken?: (error?: Error | null) => void): boolean {
    this.note?.sent(bytes);
    if (this.#stream.destroyed || this.#stream.writableEnded) {
      taken?.(new Error("the stream is closed"));
      return false;
    }
    this.#sendHead(false);
    return this.#stream.write(bytes, taken);
  }

  end(body?: Buffer | string, encoding?: BufferEncoding): this {
    this.note?.sent(body, encoding);
    if (this.#stream.destroyed) return this;
    const isEmpty = body === undefined || body.length === 0;
    this.#sendHead(isEmpty && Object.keys(this.#trailers).length === 0);
    // node:http2 has ended the stream of a HEAD request before its response.
    if (this.#stream.writableEnded) return this;
    if (isEmpty) this.#stream.end();
    else this.#stream.end(Buffer.isBuffer(body) ? body : Buffer.from(body, encoding));
    return this;
  }

  /** They are sent if the client takes trailers. */
  addTrailers(pairs: readonly [string, string][]): void {
    this.#trailers = headersOf(pairs.flat());
  }

  writeContinue(): void {
    if (!this.#isHeadWritten && !this.#stream.destroyed) this.#stream.additionalHeaders({ ":status": 100 });
  }

  writeEarlyHints({ link }: { link: string[] }): void {
    if (!this.#isHeadWritten && !this.#stream.destroyed) this.#stream.additionalHeaders({ ":status": 103, link: link.join(", ") });
  }

  on(event: string, listener: Listener): this {
    // oxlint-disable-next-line mayfly/guarded-listeners -- whoever listens wraps the listener
    this.#stream.on(event, listener);
    return this;
  }

  once(event: string, listener: Listener): this {
    // oxlint-disable-next-line mayfly/guarded-listeners -- whoever listens wraps the listener
    this.#stream.once(event, listener);
    return this;
  }

  destroy(): this {
    this.#stream.destroy();
    return this;
  }

  /** What node:http2 refuses to send ends the stream. The wire has refused what HTTP cannot carry before. */
  #sendHead(endStream: boolean): void {
    const head = this.#head;
    this.#head = null;
    if (head === null || this.#stream.destroyed) return;
    try {
      this.#stream.respond(head, { endStream, waitForTrailers: this.#takesTrailers && !endStream });
    } catch {
      this.#stream.destroy();
    }
  }
}

/** The gateway's other parts are written for node:http, of whose response this has what they use. */
export function asResponse(response: H2Response): ServerResponse {
  return response as unknown as ServerResponse;
}

function headersOf(list: readonly string[]): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = Object.create(null) as OutgoingHttpHeaders;
  for (let at = 0; at < list.length; at += 2) {
    const name = list[at]!.toLowerCase();
    // HTTP/2 has no such headers, and a client would take them for a mistake.
    if (isHopByHop(name)) continue;
    const known = headers[name];
    headers[name] = known === undefined ? list[at + 1]! : [known, list[at + 1]!].flat().map(String);
  }
  return headers;
}
