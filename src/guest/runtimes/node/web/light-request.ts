/**
 * A light Request: what came over the wire becomes web objects only as far as the handler reads them. If something unusual is asked, a
 * native Request made from the same parts answers from then on.
 */
import { inspect } from "node:util";
import type { Invocation } from "../../../agent/invocation/invocation.ts";
import { bodyStream, collectBody } from "./incoming-body.ts";
import { LightHeaders } from "./light-headers.ts";
import { NativeRequest } from "./native.ts";

/** URLs that the URL parser would leave unchanged; all others are parsed. */
const plainUrl =
  /^https?:\/\/(?:127\.0\.0\.1|(?!.*xn--)(?:[a-z0-9-]+\.)*[a-z][a-z0-9-]*)(?::(?!80\/|443\/)[1-9]\d*)?(?!.*\/(?:\.|%2[eE]))\/[\w\-./~!$&()*+,;=:@%]*(?:\?[\w\-./~!$&()*+,;=:@%?]*)?$/;

export class LightRequest {
  readonly #invocation: Invocation;
  #url: string | null = null;
  #headers: LightHeaders | null = null;
  #used = false;
  #native: Request | null = null;

  constructor(invocation: Invocation) {
    this.#invocation = invocation;
  }

  /** The native twin, which takes over the body. Anything that is not a light request is returned unchanged. */
  static toNative<Input>(input: Input): Input | Request {
    return typeof input === "object" && input !== null && #invocation in input ? input.#real() : input;
  }

  get method(): string {
    return this.#invocation.head.method;
  }
  get url(): string {
    if (this.#url === null) {
      const { url } = this.#invocation.head;
      this.#url = plainUrl.test(url) ? url : new URL(url).href;
    }
    return this.#url;
  }
  get headers(): Headers {
    this.#headers ??= LightHeaders.fromWire(this.#invocation.head.headers);
    return this.#headers;
  }
  get signal(): AbortSignal {
    return this.#invocation.signal;
  }
  get bodyUsed(): boolean {
    if (this.#native !== null) return this.#native.bodyUsed;
    return this.#used && !this.#hasNoBody();
  }
  get body(): ReadableStream<Uint8Array> | null {
    if (this.#native !== null) return this.#native.body as ReadableStream<Uint8Array> | null;
    if (this.#hasNoBody()) return null;
    return this.#real().body as ReadableStream<Uint8Array> | null;
  }

  text(): Promise<string> {
    if (this.#native !== null) return this.#native.text();
    return this.#collect().then(decode);
  }
  json(): Promise<unknown> {
    if (this.#native !== null) return this.#native.json();
    return this.#collect().then(parse);
  }
  arrayBuffer(): Promise<ArrayBuffer> {
    if (this.#native !== null) return this.#native.arrayBuffer();
    return this.#collect().then((bytes) => new Uint8Array(bytes).buffer);
  }
  bytes(): Promise<Uint8Array> {
    if (this.#native !== null) return this.#native.bytes();
    return this.#collect().then((bytes) => new Uint8Array(bytes));
  }
  blob(): Promise<Blob> {
    return this.#real().blob();
  }
  formData(): Promise<FormData> {
    return this.#real().formData();
  }
  clone(): Request {
    return this.#real().clone();
  }

  get cache(): Request["cache"] {
    return "default";
  }
  get credentials(): Request["credentials"] {
    return "same-origin";
  }
  get destination(): Request["destination"] {
    return "";
  }
  get integrity(): string {
    return "";
  }
  get keepalive(): boolean {
    return false;
  }
  get mode(): Request["mode"] {
    return "cors";
  }
  get redirect(): Request["redirect"] {
    return "follow";
  }
  get referrer(): string {
    return "about:client";
  }
  get referrerPolicy(): Request["referrerPolicy"] {
    return "";
  }
  get duplex(): "half" {
    return "half";
  }

  [inspect.custom](_depth: number, options: object): string {
    const { method, url, headers, bodyUsed, signal } = this;
    return `Request ${inspect({ method, url, headers, bodyUsed, signal }, options)}`;
  }

  /** Whether there is no body. In the Fetch standard GET and HEAD have none, whatever the client sent. */
  #hasNoBody(): boolean {
    const { method } = this.#invocation.head;
    return method === "GET" || method === "HEAD" || this.#invocation.hasEmptyBody;
  }

  #collect(): Promise<Buffer> {
    if (this.#hasNoBody()) return Promise.resolve(Buffer.alloc(0));
    if (this.#used) return Promise.reject(new TypeError("Body is unusable: Body has already been read"));
    this.#used = true;
    return collectBody(this.#invocation);
  }

  #real(): Request {
    if (this.#native !== null) return this.#native;
    const { method, url, signal } = this;
    const body = this.#hasNoBody() ? null : this.#used ? new ReadableStream() : bodyStream(this.#invocation);
    this.#native = new NativeRequest(url, { method, headers: [...this.headers], body, signal, duplex: "half" });
    // If the body was read before the native twin was made, the twin must say so too.
    if (this.#used && body !== null) void body.cancel();
    return this.#native;
  }
}

Object.setPrototypeOf(LightRequest.prototype, NativeRequest.prototype);

function decode(bytes: Buffer): string {
  const text = bytes.toString();
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

function parse(bytes: Buffer): unknown {
  return JSON.parse(decode(bytes));
}
