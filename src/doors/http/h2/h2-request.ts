/**
 * A request that came over HTTP/2, with as much of the interface of node:http's as the gateway uses: what HTTP/2 says in pseudo headers is where HTTP/1.1 has it,
 * so that everything behind this is the same for both.
 */
import type { IncomingMessage } from "node:http";
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { guarded } from "../../../base/errors/guarded.ts";

/** What a stream's end leads to; the same as if it were the connection of one request. */
interface StreamSocket {
  destroy(): void;
  readonly destroyed: boolean;
}

/** As node:events has it. */
// oxlint-disable-next-line typescript/no-explicit-any
type Listener = (...values: any[]) => void;

export class H2Request {
  readonly httpVersion = "2.0";
  readonly httpVersionMajor = 2;
  readonly httpVersionMinor = 0;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Name, value, name, value …, without pseudo headers. */
  readonly rawHeaders: string[];
  readonly socket: StreamSocket;
  readonly stream: ServerHttp2Stream;
  rawTrailers: string[] = [];

  /** Whether a body follows the headers. Its length need not be known. */
  readonly hasBody: boolean;

  /**
   * @param headers as node:http2 gives them, with pseudo headers
   * @param isUpgrade whether the stream goes on with another protocol if the function agrees, so that what follows the headers is no body
   */
  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, isUpgrade = false) {
    this.hasBody = !isUpgrade && !stream.endAfterHeaders;
    const { ":authority": authority, ":method": method = "", ":path": path = "", ...others } = headers;
    this.stream = stream;
    this.method = method;
    this.url = path;
    this.headers = authority === undefined ? others : { ...others, host: authority };
    this.rawHeaders = rawHeadersOf(this.headers);
    this.socket = {
      destroy: () => void stream.destroy(),
      get destroyed() {
        return stream.destroyed;
      },
    };
    const onTrailers = (trailers: IncomingHttpHeaders) => void (this.rawTrailers = rawHeadersOf(trailers));
    stream.on(
      "trailers",
      guarded(onTrailers, () => stream.destroy()),
    );
  }

  /** About how many bytes the same head would have in HTTP/1.1. */
  get headBytes(): number {
    // "GET /path HTTP/1.1" and its line end, and ": " and a line end for each header.
    return this.rawHeaders.reduce((sum, text) => sum + text.length + 2, this.method.length + this.url.length + 12);
  }

  get complete(): boolean {
    return this.stream.endAfterHeaders || this.stream.readableEnded;
  }

  get readableEnded(): boolean {
    return this.stream.readableEnded;
  }

  on(event: string, listener: Listener): this {
    // oxlint-disable-next-line mayfly/guarded-listeners -- whoever listens wraps the listener
    this.stream.on(event, listener);
    return this;
  }

  once(event: string, listener: Listener): this {
    // oxlint-disable-next-line mayfly/guarded-listeners -- whoever listens wraps the listener
    this.stream.once(event, listener);
    return this;
  }

  off(event: string, listener: Listener): this {
    this.stream.off(event, listener);
    return this;
  }

  pause(): this {
    this.stream.pause();
    return this;
  }

  resume(): this {
    this.stream.resume();
    return this;
  }

  destroy(): void {
    this.stream.destroy();
  }
}

/** The gateway's other parts are written for node:http, of whose request this has what they use. */
export function asRequest(request: H2Request): IncomingMessage {
  return request as unknown as IncomingMessage;
}

/** A name that came several times is as often in the list. Cookies, which HTTP/2 may split, are joined again by node:http2. */
function rawHeadersOf(headers: IncomingHttpHeaders): string[] {
  const raw: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name.startsWith(":")) continue;
    for (const each of Array.isArray(value) ? value : [value]) raw.push(name, each);
  }
  return raw;
}
