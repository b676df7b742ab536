/** `env.NAME` of a bucket, in the shape of Cloudflare's R2Bucket. */
import { ask, collect, errorOf, pathOf, send, unquoted } from "./call.ts";
import { bytesOf } from "./content.ts";
import { aboutIn, R2Object, R2ObjectBody } from "./object.ts";
import {
  conditionsOf,
  digestsOf,
  headersOf,
  keyHeadersOf,
  putConditionsOf,
  type R2About,
  type R2Conditional,
  type R2KeyOptions,
  type R2PutOptions,
  type R2Range,
  rangeOf,
} from "./options.ts";
import { R2MultipartUpload, startUpload } from "./upload.ts";
import { elementsOf, escaped, within } from "./xml.ts";

export interface R2GetOptions extends R2KeyOptions {
  range?: R2Range | Headers;
  onlyIf?: R2Conditional | Headers;
}

export interface R2ListOptions {
  prefix?: string;
  delimiter?: string;
  cursor?: string;
  startAfter?: string;
  /** At most 1,000, which is the default. */
  limit?: number;
  /** The objects with their metadata, each of which is asked for by itself. */
  include?: readonly ("httpMetadata" | "customMetadata")[];
}

export interface R2Objects {
  /** Without their metadata, unless `include` asks for it. */
  objects: R2Object[];
  truncated: boolean;
  /** Of the next page, if there is one. */
  cursor?: string;
  delimitedPrefixes: string[];
}

/** Objects that one request removes. */
const TOGETHER = 1_000;
/** Objects whose metadata a listing asks for at a time. */
const AT_A_TIME = 16;
/** Of the answer to who asks for an object without the key that it is encrypted with. */
const NEEDS_KEY = 400;
/** Without it, S3 does not tell an object's digests. */
const WITH_CHECKSUMS = { "x-amz-checksum-mode": "ENABLED" };

export class R2Bucket {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  /** Null if there is no such object. */
  head(key: string, { ssecKey }: R2KeyOptions = {}): Promise<R2Object | null> {
    return this.#head(key, keyHeadersOf(ssecKey));
  }

  async #head(key: string, keyHeaders: Record<string, string>): Promise<R2Object | null> {
    const response = await send("HEAD", pathOf(this.#name, key), { ...WITH_CHECKSUMS, ...keyHeaders });
    const content = await collect(response);
    if (response.statusCode === 404) return null;
    if (response.statusCode !== 200) throw errorOf(response.statusCode!, content);
    return new R2Object(key, aboutIn(response.headers));
  }

  /** Null if there is no such object; without a body if the conditions of `onlyIf` are not met. */
  async get(key: string, { range, onlyIf, ssecKey }: R2GetOptions = {}): Promise<R2ObjectBody | R2Object | null> {
    const keyHeaders = keyHeadersOf(ssecKey);
    const headers = { ...WITH_CHECKSUMS, ...rangeOf(range), ...conditionsOf(onlyIf), ...keyHeaders };
    const response = await send("GET", pathOf(this.#name, key), headers);
    const status = response.statusCode!;
    if (status < 300) return new R2ObjectBody(key, aboutIn(response.headers), response);
    const content = await collect(response);
    if (status === 304 || status === 412) return this.#head(key, keyHeaders);
    const error = errorOf(status, content);
    if (error.code === "NoSuchKey") return null;
    throw error;
  }

  /** Resolves when the object is on the disk; with null if the conditions of `onlyIf` are not met. */
  async put(key: string, value: unknown, { onlyIf, md5, sha1, sha256, ssecKey, ...about }: R2PutOptions = {}): Promise<R2Object | null> {
    const headers = { ...headersOf(about), ...digestsOf({ md5, sha1, sha256 }), ...keyHeadersOf(ssecKey) };
    const content = await bytesOf(value);
    const response = await send("PUT", pathOf(this.#name, key), { ...headers, ...putConditionsOf(onlyIf) }, content);
    const answer = await collect(response);
    if (response.statusCode === 412) return null;
    if (response.statusCode !== 200) throw errorOf(response.statusCode!, answer);
    const etag = unquoted(response.headers["etag"]);
    return new R2Object(key, { size: content.length, etag, uploaded: new Date(), headers: { ...headers, ...response.headers } });
  }

  /** Resolves also if there is no such object. */
  async delete(keys: string | readonly string[]): Promise<void> {
    const all = typeof keys === "string" ? [keys] : [...keys];
    for (let at = 0; at < all.length; at += TOGETHER) {
      const objects = all.slice(at, at + TOGETHER).map((key) => `<Object><Key>${escaped(key)}</Key></Object>`);
      const document = Buffer.from(`<Delete><Quiet>true</Quiet>${objects.join("")}</Delete>`);
      const md5 = process.getBuiltinModule("node:crypto").createHash("md5").update(document).digest("base64");
      await ask("POST", `/${encodeURIComponent(this.#name)}?delete`, { "content-md5": md5 }, document);
    }
  }

  /** In the order of the keys' bytes in UTF-8. */
  async list({ prefix, delimiter, cursor, startAfter, limit, include = [] }: R2ListOptions = {}): Promise<R2Objects> {
    const query = new URLSearchParams({ "list-type": "2", "encoding-type": "url" });
    const asked = { prefix, delimiter, "continuation-token": cursor, "start-after": startAfter, "max-keys": limit };
    for (const [name, value] of Object.entries(asked)) if (value !== undefined) query.set(name, String(value));
    const { text } = await ask("GET", `/${encodeURIComponent(this.#name)}?${query.toString().replaceAll("+", "%20")}`);
    const listed = elementsOf(text, "Contents").map(listedObject);
    const objects = include.length === 0 ? listed : await this.#withMetadata(listed);
    const delimitedPrefixes = elementsOf(text, "CommonPrefixes").map((entry) => decoded(within(entry, "Prefix")));
    const truncated = within(text, "IsTruncated") === "true";
    return { objects, truncated, delimitedPrefixes, ...(truncated && { cursor: within(text, "NextContinuationToken") }) };
  }

  async createMultipartUpload(key: string, { ssecKey, ...about }: R2About & R2KeyOptions = {}): Promise<R2MultipartUpload> {
    const keyHeaders = keyHeadersOf(ssecKey);
    return this.#upload(key, await startUpload(this.#name, key, about, keyHeaders), keyHeaders);
  }

  /** Asks nothing: that there is no such upload is told with its next use. */
  resumeMultipartUpload(key: string, uploadId: string): R2MultipartUpload {
    return this.#upload(key, uploadId, {});
  }

  #upload(key: string, uploadId: string, keyHeaders: Record<string, string>): R2MultipartUpload {
    return new R2MultipartUpload(this.#name, key, uploadId, { keyHeaders, made: (headers) => this.#head(key, headers) });
  }

  /** What was removed meanwhile is left out; what needs a key has no metadata. */
  async #withMetadata(listed: readonly R2Object[]): Promise<R2Object[]> {
    const found: (R2Object | null)[] = [];
    for (let at = 0; at < listed.length; at += AT_A_TIME)
      found.push(...(await Promise.all(listed.slice(at, at + AT_A_TIME).map((object) => this.#headOf(object)))));
    return found.filter((object) => object !== null);
  }

  async #headOf(object: R2Object): Promise<R2Object | null> {
    try {
      return await this.head(object.key);
    } catch (error) {
      if ((error as { status?: number }).status === NEEDS_KEY) return object;
      throw error;
    }
  }
}

function listedObject(entry: string): R2Object {
  const uploaded = new Date(within(entry, "LastModified"));
  const headers = { "x-amz-storage-class": within(entry, "StorageClass") };
  return new R2Object(decoded(within(entry, "Key")), {
    size: Number(within(entry, "Size")),
    etag: unquoted(within(entry, "ETag")),
    uploaded,
    headers,
  });
}

function decoded(text: string): string {
  return decodeURIComponent(text.replaceAll("+", " "));
}
