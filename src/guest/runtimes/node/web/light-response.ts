/**
 * A light Response: text and bytes become a stream only if somebody asks for one. If something unusual is asked, a native Response made
 * from the same parts answers. It behaves like the native class; light-response.test.ts compares the two.
 */
import { inspect, types } from "node:util";
import { LightHeaders } from "./light-headers.ts";
import { type BodyInput, NativeResponse } from "./native.ts";

/** What a body was made from, if it is still in memory and unread. */
export type BodySource = string | Uint8Array | null;

export interface ReplyParts {
  status: number;
  /** name, value… */
  headers: string[];
  /** Undefined means that `stream` must be read, or that the body was read already. */
  source: BodySource | undefined;
  native: Response | null;
}

const nullBodyStatuses = new Set([101, 103, 204, 205, 304]);
const TEXT = "text/plain;charset=UTF-8";
const FORM = "application/x-www-form-urlencoded;charset=UTF-8";
const reasonPhrase = /^[\t\x20-\x7e\x80-\xff]*$/;

export class LightResponse {
  #source: BodySource = null;
  #used = false;
  #status = 200;
  #statusText = "";
  #headers: LightHeaders | null = null;
  /** Is added to the headers when somebody reads them. */
  #contentType: string | null = null;
  /** Handles the body from the moment that it exists. */
  #native: Response | null = null;

  constructor(body: BodyInput | null = null, init?: ResponseInit) {
    if (init !== undefined && init !== null) this.#initialise(init);
    if (body !== null) this.#setBody(body);
  }

  static json(data: unknown, init?: ResponseInit): LightResponse {
    const text = JSON.stringify(data);
    if (text === undefined) throw new TypeError("Response.json: the value is not JSON serializable");
    const response = new LightResponse(text, init);
    if (response.#contentType !== null) response.#contentType = "application/json";
    return response;
  }

  static redirect(url: string | URL, status?: 301 | 302 | 303 | 307 | 308): LightResponse {
    return LightResponse.#around(NativeResponse.redirect(url, status));
  }

  static error(): LightResponse {
    return LightResponse.#around(NativeResponse.error());
  }

  static [Symbol.hasInstance](value: unknown): boolean {
    if (this === LightResponse) return value instanceof NativeResponse;
    return Function.prototype[Symbol.hasInstance].call(this, value);
  }

  static isLight(value: object): value is LightResponse {
    return #source in value;
  }

  /** The parts to send. The body counts as read from now on. */
  static take(response: LightResponse): ReplyParts {
    const native = response.#native;
    const source = native !== null || response.#used ? undefined : response.#source;
    if (native === null) response.#used = true;
    return { status: response.#status, headers: response.#wireHeaders(), source, native };
  }

  static #around(native: Response): LightResponse {
    const response = new LightResponse();
    response.#native = native;
    response.#status = native.status;
    response.#statusText = native.statusText;
    response.#headers = new LightHeaders(native.headers);
    return response;
  }

  get status(): number {
    return this.#status;
  }
  get statusText(): string {
    return this.#statusText;
  }
  get ok(): boolean {
    return this.#status >= 200 && this.#status <= 299;
  }
  get type(): Response["type"] {
    return this.#native?.type ?? "default";
  }
  get url(): string {
    return this.#native?.url ?? "";
  }
  get redirected(): boolean {
    return false;
  }
  get headers(): Headers {
    return this.#ownHeaders();
  }
  get bodyUsed(): boolean {
    return this.#native === null ? this.#used && this.#source !== null : this.#native.bodyUsed;
  }
  get body(): ReadableStream | null {
    return this.#source === null && this.#native === null ? null : this.#real().body;
  }

  text(): Promise<string> {
    const source = this.#source;
    if (this.#native !== null || this.#used || typeof source !== "string" || source.charCodeAt(0) === 0xfeff) return this.#real().text();
    this.#used = true;
    return Promise.resolve(source.toWellFormed());
  }
  json(): Promise<unknown> {
    return this.text().then(JSON.parse);
  }
  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#real().arrayBuffer();
  }
  bytes(): Promise<Uint8Array> {
    return this.#real().bytes();
  }
  blob(): Promise<Blob> {
    return this.#realWithType().blob();
  }
  formData(): Promise<FormData> {
    return this.#realWithType().formData();
  }

  clone(): LightResponse {
    return LightResponse.#around(this.#real().clone());
  }

  [inspect.custom](_depth: number, options: object): string {
    const { status, statusText, headers, bodyUsed, ok, redirected, type, url } = this;
    return `Response ${inspect({ status, statusText, headers, bodyUsed, ok, redirected, type, url }, options)}`;
  }

  #initialise(init: ResponseInit): void {
    if (typeof init !== "object" && typeof init !== "function") throw new TypeError("Response constructor: init must be an object");
    const { status, statusText, headers } = init;
    if (status !== undefined) this.#status = checkedStatus(status);
    if (statusText !== undefined) this.#statusText = checkedStatusText(statusText);
    if (headers !== undefined) this.#headers = new LightHeaders(headers);
  }

  #setBody(body: BodyInput): void {
    if (nullBodyStatuses.has(this.#status)) throw new TypeError(`Response constructor: Invalid response status code ${this.#status}`);
    if (typeof body === "string") this.#setSource(body, TEXT);
    else if (types.isUint8Array(body) && !types.isSharedArrayBuffer(body.buffer)) this.#setSource(new Uint8Array(body), null);
    else if (types.isArrayBuffer(body)) this.#setSource(new Uint8Array(body.slice(0)), null);
    else if (body instanceof URLSearchParams) this.#setSource(body.toString(), FORM);
    else this.#setNative(body);
  }

  #setSource(source: BodySource, contentType: string | null): void {
    this.#source = source;
    if (contentType !== null && !this.#headers?.has("content-type")) this.#contentType = contentType;
  }

  /** For streams, blobs, forms and values that become a string, which the native class handles. */
  #setNative(body: BodyInput): void {
    const native = new NativeResponse(body, { status: this.#status });
    const contentType = native.headers.get("content-type");
    if (contentType !== null && !this.#headers?.has("content-type")) this.#contentType = contentType;
    this.#native = native;
  }

  /** Most replies have no headers but the type of their body, for which no object is made. */
  #wireHeaders(): string[] {
    if (this.#headers === null) return this.#contentType === null ? [] : ["content-type", this.#contentType];
    const headers = this.#ownHeaders();
    return LightHeaders.toWire(headers) ?? [...headers].flat();
  }

  #ownHeaders(): LightHeaders {
    this.#headers ??= new LightHeaders();
    if (this.#contentType !== null) {
      this.#headers.append("content-type", this.#contentType);
      this.#contentType = null;
    }
    return this.#headers;
  }

  /** Blobs and forms use the content type, which may have been set on our headers since. */
  #realWithType(): Response {
    const real = this.#real();
    const type = this.#ownHeaders().get("content-type");
    if (type === null) real.headers.delete("content-type");
    else if (type !== real.headers.get("content-type")) real.headers.set("content-type", type);
    return real;
  }

  #real(): Response {
    if (this.#native !== null) return this.#native;
    const { status, statusText } = this;
    this.#native = new NativeResponse(this.#source as BodyInput | null, { status, statusText, headers: [...this.#ownHeaders()] });
    if (this.#used && this.#source !== null) void this.#native.arrayBuffer();
    this.#source = null;
    return this.#native;
  }
}

Object.setPrototypeOf(LightResponse.prototype, NativeResponse.prototype);

function checkedStatus(given: unknown): number {
  const status = Math.trunc(Number(given)) & 0xffff;
  if (status < 200 || status > 599)
    throw new RangeError('Response constructor: init["status"] must be in the range of 200 to 599, inclusive.');
  return status;
}

function checkedStatusText(given: unknown): string {
  const text = String(given);
  if (!reasonPhrase.test(text)) throw new TypeError("Response constructor: Invalid statusText");
  return text;
}
