/** `env.NAME` of a bucket, in the shape of Cloudflare's R2Bucket. Its requests go to the host over the machine's own channel. They use none of the globals that an app may have replaced, such as fetch. */
import type { Agent, IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { ReadableStream } from "node:stream/web";

export interface R2HTTPMetadata {
  contentType?: string;
  contentLanguage?: string;
  contentDisposition?: string;
  contentEncoding?: string;
  cacheControl?: string;
  cacheExpiry?: Date;
}

interface R2Range {
  offset?: number;
  length?: number;
  /** The last bytes. */
  suffix?: number;
}

interface R2Conditional {
  etagMatches?: string;
  etagDoesNotMatch?: string;
  uploadedBefore?: Date;
  uploadedAfter?: Date;
}

export interface R2GetOptions {
  range?: R2Range;
  onlyIf?: R2Conditional;
}

export interface R2PutOptions {
  httpMetadata?: R2HTTPMetadata;
  customMetadata?: Record<string, string>;
  onlyIf?: Pick<R2Conditional, "etagMatches" | "etagDoesNotMatch">;
  /** Hexadecimal digits, or bytes: the put is refused if the content has another. */
  md5?: string | ArrayBuffer;
}

export interface R2ListOptions {
  prefix?: string;
  delimiter?: string;
  cursor?: string;
  startAfter?: string;
  /** At most 1,000, which is the default. */
  limit?: number;
}

export interface R2Objects {
  /** Without their metadata. */
  objects: R2Object[];
  truncated: boolean;
  /** Of the next page, if there is one. */
  cursor?: string;
  delimitedPrefixes: string[];
}

const HOST = "s3.services.mayfly.internal";
/** Connections that are kept for further requests. */
const CONNECTIONS = 32;
const META = "x-amz-meta-";
const headerNames: readonly (readonly [keyof R2HTTPMetadata, string])[] = [
  ["contentType", "content-type"],
  ["contentLanguage", "content-language"],
  ["contentDisposition", "content-disposition"],
  ["contentEncoding", "content-encoding"],
  ["cacheControl", "cache-control"],
];
/** Objects that one request removes. */
const TOGETHER = 1_000;

let agent: Agent | null = null;

interface About {
  size: number;
  etag: string;
  uploaded: Date;
  headers?: IncomingHttpHeaders;
}

export class R2Object {
  readonly key: string;
  /** Empty: the bucket keeps no versions. */
  readonly version: string;
  readonly size: number;
  readonly etag: string;
  readonly httpEtag: string;
  readonly uploaded: Date;
  readonly httpMetadata: R2HTTPMetadata;
  readonly customMetadata: Record<string, string>;
  readonly storageClass = "Standard";

  constructor(key: string, { size, etag, uploaded, headers = {} }: About) {
    this.key = key;
    this.version = String(headers["x-amz-version-id"] ?? "");
    this.size = size;
    this.etag = etag;
    this.httpEtag = `"${etag}"`;
    this.uploaded = uploaded;
    this.httpMetadata = metadataIn(headers);
    const custom = Object.entries(headers).filter(([name]) => name.startsWith(META));
    this.customMetadata = Object.fromEntries(custom.map(([name, value]) => [name.slice(META.length), plainOf(String(value))]));
  }

  writeHttpMetadata(headers: Headers): void {
    for (const [name, header] of headerNames)
      if (this.httpMetadata[name] !== undefined) headers.set(header, this.httpMetadata[name] as string);
    if (this.httpMetadata.cacheExpiry !== undefined) headers.set("expires", this.httpMetadata.cacheExpiry.toUTCString());
  }
}

export class R2ObjectBody extends R2Object {
  readonly #response: IncomingMessage;
  #body: ReadableStream | null = null;
  #isUsed = false;

  constructor(key: string, about: About, response: IncomingMessage) {
    super(key, about);
    this.#response = response;
  }

  get bodyUsed(): boolean {
    return this.#isUsed;
  }

  get body(): ReadableStream {
    this.#isUsed = true;
    return (this.#body ??= process.getBuiltinModule("node:stream").Readable.toWeb(this.#response));
  }

  async bytes(): Promise<Uint8Array> {
    if (this.#isUsed) throw new TypeError("The body of the object has been read already");
    this.#isUsed = true;
    return collect(this.#response);
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return new Uint8Array(await this.bytes()).buffer;
  }

  async text(): Promise<string> {
    return Buffer.from(await this.bytes()).toString();
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  async blob(): Promise<Blob> {
    return new Blob([new Uint8Array(await this.bytes())], { type: this.httpMetadata.contentType ?? "" });
  }
}

export class R2Bucket {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  /** Null if there is no such object. */
  async head(key: string): Promise<R2Object | null> {
    const response = await send("HEAD", this.#path(key));
    await collect(response);
    if (response.statusCode === 404) return null;
    return new R2Object(key, aboutIn(response.headers));
  }

  /** Null if there is no such object; without a body if the conditions of `onlyIf` are not met. */
  async get(key: string, { range, onlyIf }: R2GetOptions = {}): Promise<R2ObjectBody | R2Object | null> {
    const response = await send("GET", this.#path(key), { ...rangeOf(range), ...conditionsOf(onlyIf) });
    const status = response.statusCode!;
    if (status < 300) return new R2ObjectBody(key, aboutIn(response.headers), response);
    const content = await collect(response);
    if (status === 304 || status === 412) return this.head(key);
    const error = errorOf(status, content);
    if (error.code === "NoSuchKey") return null;
    throw error;
  }

  /** Resolves when the object is on the disk; with null if the conditions of `onlyIf` are not met. */
  async put(
    key: string,
    value: unknown,
    { httpMetadata = {}, customMetadata = {}, onlyIf, md5 }: R2PutOptions = {},
  ): Promise<R2Object | null> {
    const content = await bytesOf(value);
    const headers: Record<string, string> = { ...conditionsOf(onlyIf) };
    for (const [name, header] of headerNames) if (httpMetadata[name] !== undefined) headers[header] = String(httpMetadata[name]);
    if (httpMetadata.cacheExpiry !== undefined) headers["expires"] = httpMetadata.cacheExpiry.toUTCString();
    for (const [name, text] of Object.entries(customMetadata)) headers[META + name] = Buffer.from(text).toString("latin1");
    if (md5 !== undefined)
      headers["content-md5"] = (typeof md5 === "string" ? Buffer.from(md5, "hex") : Buffer.from(md5)).toString("base64");
    const response = await send("PUT", this.#path(key), headers, content);
    const answer = await collect(response);
    if (response.statusCode === 412) return null;
    if (response.statusCode !== 200) throw errorOf(response.statusCode!, answer);
    const etag = unquoted(response.headers["etag"]);
    const sent = Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith("if-")));
    return new R2Object(key, { size: content.length, etag, uploaded: new Date(), headers: { ...sent, ...response.headers } });
  }

  /** Resolves also if there is no such object. */
  async delete(keys: string | readonly string[]): Promise<void> {
    const all = typeof keys === "string" ? [keys] : [...keys];
    for (let at = 0; at < all.length; at += TOGETHER) {
      const objects = all.slice(at, at + TOGETHER).map((key) => `<Object><Key>${escaped(key)}</Key></Object>`);
      const document = Buffer.from(`<Delete><Quiet>true</Quiet>${objects.join("")}</Delete>`);
      const md5 = process.getBuiltinModule("node:crypto").createHash("md5").update(document).digest("base64");
      const response = await send("POST", `/${encoded(this.#name)}?delete`, { "content-md5": md5 }, document);
      const answer = await collect(response);
      if (response.statusCode !== 200 || answer.includes("<Error>")) throw errorOf(response.statusCode!, answer);
    }
  }

  /** In the order of the keys' bytes in UTF-8. */
  async list({ prefix, delimiter, cursor, startAfter, limit }: R2ListOptions = {}): Promise<R2Objects> {
    const query = new URLSearchParams({ "list-type": "2", "encoding-type": "url" });
    for (const [name, value] of Object.entries({
      prefix,
      delimiter,
      "continuation-token": cursor,
      "start-after": startAfter,
      "max-keys": limit,
    }))
      if (value !== undefined) query.set(name, String(value));
    const response = await send("GET", `/${encoded(this.#name)}?${query.toString().replaceAll("+", "%20")}`);
    const answer = await collect(response);
    if (response.statusCode !== 200) throw errorOf(response.statusCode!, answer);
    const text = answer.toString();
    const objects = [...text.matchAll(/<Contents>(.*?)<\/Contents>/gs)].map(([, entry]) => {
      const about = {
        size: Number(within(entry!, "Size")),
        etag: unquoted(within(entry!, "ETag")),
        uploaded: new Date(within(entry!, "LastModified")),
      };
      return new R2Object(decoded(within(entry!, "Key")), about);
    });
    const delimitedPrefixes = [...text.matchAll(/<CommonPrefixes>(.*?)<\/CommonPrefixes>/gs)].map(([, entry]) =>
      decoded(within(entry!, "Prefix")),
    );
    const truncated = within(text, "IsTruncated") === "true";
    return { objects, truncated, delimitedPrefixes, ...(truncated && { cursor: within(text, "NextContinuationToken") }) };
  }

  #path(key: string): string {
    if (typeof key !== "string" || key === "") throw new TypeError("An object's key is a text that is not empty");
    return `/${encoded(this.#name)}/${key.split("/").map(encoded).join("/")}`;
  }
}

function encoded(text: string): string {
  return encodeURIComponent(text);
}

function decoded(text: string): string {
  return decodeURIComponent(text.replaceAll("+", " "));
}

function send(method: string, path: string, headers: Record<string, string> = {}, body?: Buffer): Promise<IncomingMessage> {
  // An app without bindings does not pay for it.
  const http = process.getBuiltinModule("node:http");
  agent ??= new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const length = body === undefined ? {} : { "content-length": String(body.length) };
  const request = http.request({ host: HOST, agent, method, path, headers: { ...headers, ...length } }, resolve);
  request.on("error", reject);
  request.end(body);
  return promise;
}

async function collect(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function aboutIn(headers: IncomingHttpHeaders): About {
  const whole = /\/(\d+)$/.exec(headers["content-range"] ?? "")?.[1];
  const uploaded = new Date(headers["last-modified"] ?? 0);
  return { size: Number(whole ?? headers["content-length"] ?? 0), etag: unquoted(headers["etag"]), uploaded, headers };
}

function metadataIn(headers: IncomingHttpHeaders): R2HTTPMetadata {
  const found: R2HTTPMetadata = {};
  for (const [name, header] of headerNames) if (headers[header] !== undefined) Object.assign(found, { [name]: headers[header] });
  if (headers["expires"] !== undefined) found.cacheExpiry = new Date(headers["expires"]);
  return found;
}

/** What is no plain text comes as RFC 2047 encodes it. */
function plainOf(value: string): string {
  const [, base64] = /^=\?UTF-8\?B\?(.*)\?=$/.exec(value) ?? [];
  if (base64 !== undefined) return Buffer.from(base64, "base64").toString();
  return Buffer.from(value, "latin1").toString();
}

function rangeOf({ offset, length, suffix }: R2Range = {}): Record<string, string> {
  if (suffix !== undefined) return { range: `bytes=-${suffix}` };
  if (offset === undefined && length === undefined) return {};
  const from = offset ?? 0;
  return { range: `bytes=${from}-${length === undefined ? "" : from + length - 1}` };
}

function conditionsOf({ etagMatches, etagDoesNotMatch, uploadedBefore, uploadedAfter }: R2Conditional = {}): Record<string, string> {
  return {
    ...(etagMatches !== undefined && { "if-match": etagMatches }),
    ...(etagDoesNotMatch !== undefined && { "if-none-match": etagDoesNotMatch }),
    ...(uploadedBefore !== undefined && { "if-unmodified-since": uploadedBefore.toUTCString() }),
    ...(uploadedAfter !== undefined && { "if-modified-since": uploadedAfter.toUTCString() }),
  };
}

function unquoted(text = ""): string {
  return text.replaceAll(/^"|"$/g, "");
}

const signs: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
const names: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"' };

function escaped(text: string): string {
  return text.replaceAll(/[&<>\r\n\t]/g, (sign) => signs[sign] ?? `&#x${sign.charCodeAt(0).toString(16)};`);
}

/** The text of an element without others in it; empty if there is none. */
function within(text: string, name: string): string {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? "";
  return found.replaceAll(/&(?:#x([0-9a-f]+)|(\w+));/g, (_all, code?: string, word?: string) =>
    code === undefined ? (names[word!] ?? "") : String.fromCodePoint(Number.parseInt(code, 16)),
  );
}

async function bytesOf(value: unknown): Promise<Buffer> {
  if (value === null || value === undefined) return Buffer.alloc(0);
  if (typeof value === "string") return Buffer.from(value);
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer) return Buffer.from(value);
  if (value instanceof Blob) return Buffer.from(await value.arrayBuffer());
  if (typeof (value as AsyncIterable<Uint8Array>)[Symbol.asyncIterator] !== "function")
    throw new TypeError("An object's content is a text, bytes, a Blob or a stream");
  const chunks: Uint8Array[] = [];
  for await (const chunk of value as AsyncIterable<Uint8Array | string>)
    chunks.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
  return Buffer.concat(chunks);
}

function errorOf(status: number, answer: Buffer): Error & { code?: string } {
  const text = answer.toString();
  const code = within(text, "Code");
  const message = within(text, "Message") || `The service answered with the status ${status}.`;
  return Object.assign(new Error(message), { status, ...(code !== "" && { code }) });
}
