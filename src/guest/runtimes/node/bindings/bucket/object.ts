import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { ReadableStream } from "node:stream/web";
import { collect, unquoted } from "./call.ts";
import {
  CUSTOMER,
  META,
  metadataIn,
  type R2HTTPMetadata,
  type R2Range,
  type R2StorageClass,
  storageClassOf,
  writeMetadata,
} from "./options.ts";

export interface About {
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
  /** What a get was asked for less than the whole object has given. */
  declare readonly range?: Required<Pick<R2Range, "offset" | "length">>;
  readonly checksums: R2Checksums;
  readonly storageClass: R2StorageClass;
  /** In hexadecimal digits; only of an object that is encrypted with a key of the app's own. */
  declare readonly ssecKeyMd5?: string;

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
    const [, from, to] = /^bytes (\d+)-(\d+)/.exec(headers["content-range"] ?? "") ?? [];
    if (from !== undefined) this.range = { offset: Number(from), length: Number(to) + 1 - Number(from) };
    this.checksums = new R2Checksums(etag, headers);
    this.storageClass = storageClassOf(headers["x-amz-storage-class"]);
    const md5 = headers[`${CUSTOMER}-key-md5`];
    if (typeof md5 === "string") this.ssecKeyMd5 = Buffer.from(md5, "base64").toString("hex");
  }

  writeHttpMetadata(headers: Headers): void {
    writeMetadata(this.httpMetadata, (name, value) => headers.set(name, value));
  }
}

/** MD5 of what was put in one piece, and the digest that came with it. */
class R2Checksums {
  declare readonly md5?: ArrayBuffer;
  declare readonly sha1?: ArrayBuffer;
  declare readonly sha256?: ArrayBuffer;

  constructor(etag: string, headers: IncomingHttpHeaders) {
    // The entity tag of what is encrypted with an app's own key is none of the content.
    const isDigest = /^[0-9a-f]{32}$/.test(etag) && headers[`${CUSTOMER}-key-md5`] === undefined;
    if (isDigest) this.md5 = bufferOf(Buffer.from(etag, "hex"));
    const [sha1, sha256] = [digestIn(headers["x-amz-checksum-sha1"]), digestIn(headers["x-amz-checksum-sha256"])];
    if (sha1 !== null) this.sha1 = sha1;
    if (sha256 !== null) this.sha256 = sha256;
  }

  toJSON(): Record<string, string> {
    return Object.fromEntries(Object.entries(this).map(([name, digest]) => [name, Buffer.from(digest as ArrayBuffer).toString("hex")]));
  }
}

/** Null also if it is that of an upload's parts, which has their number behind it. */
function digestIn(header: string | string[] | undefined): ArrayBuffer | null {
  return typeof header !== "string" || header.includes("-") ? null : bufferOf(Buffer.from(header, "base64"));
}

function bufferOf(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
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

export function aboutIn(headers: IncomingHttpHeaders): About {
  const whole = /\/(\d+)$/.exec(headers["content-range"] ?? "")?.[1];
  const uploaded = new Date(headers["last-modified"] ?? 0);
  return { size: Number(whole ?? headers["content-length"] ?? 0), etag: unquoted(headers["etag"]), uploaded, headers };
}

/** What is no plain text comes as RFC 2047 encodes it. */
function plainOf(value: string): string {
  const [, base64] = /^=\?UTF-8\?B\?(.*)\?=$/.exec(value) ?? [];
  if (base64 !== undefined) return Buffer.from(base64, "base64").toString();
  return Buffer.from(value, "latin1").toString();
}
