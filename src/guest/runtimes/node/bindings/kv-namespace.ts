/**
 * `env.NAME` of a key-value store, in the shape of Cloudflare's KVNamespace, with what Mayfly adds to it: `increment`, `batch`, versions. Text, JSON, bytes and streams go in
 * and out. Its requests go to the host over the machine's own channel.
 */
import { request } from "./request.ts";

export type KVType = "text" | "json" | "arrayBuffer" | "stream";

export interface KVGetOptions {
  type?: KVType;
  /** Taken, and of no effect: nothing is cached, so that what was put is got. */
  cacheTtl?: number;
}

export interface KVPutOptions {
  /** Seconds since 1970. */
  expiration?: number;
  /** Seconds from now, at least 1. */
  expirationTtl?: number;
  /** What JSON can hold, at most 1,024 bytes of it. */
  metadata?: unknown;
  /** The entry is put only if it has this version; 0: only if there is none. Otherwise the promise rejects with an error whose `code` is "kv-conflict". */
  ifVersion?: number;
}

export interface KVListOptions {
  prefix?: string | null;
  limit?: number;
  cursor?: string | null;
}

export interface KVEntry {
  value: unknown;
  metadata: unknown;
  /** Null, because nothing is cached. */
  cacheStatus: null;
  /** Null if there is no such key. */
  version: number | null;
}

export interface KVList {
  keys: { name: string; expiration?: number; metadata?: unknown; version: number; bytes: number }[];
  list_complete: boolean;
  /** Absent on the last page. */
  cursor?: string;
  cacheStatus: null;
}

export type KVWrite =
  | { put: string; value: string; base64?: boolean; metadata?: unknown; expiration?: number; expirationTtl?: number; ifVersion?: number }
  | { delete: string; ifVersion?: number }
  | { increment: string; by?: number; expiration?: number; expirationTtl?: number; ifVersion?: number };

export class KVNamespace {
  readonly #base: string;

  /** @param store its name */
  constructor(store: string) {
    this.#base = `/v1/${encodeURIComponent(store)}`;
  }

  /** Null if there is no such key; of a list of keys, a Map. */
  async get(key: string | string[], options: KVType | KVGetOptions = {}): Promise<unknown> {
    if (Array.isArray(key)) return this.#many(key, async (each) => (await this.#entry(each, options)).value);
    return (await this.#entry(key, options)).value;
  }

  async getWithMetadata(key: string | string[], options: KVType | KVGetOptions = {}): Promise<KVEntry | Map<string, KVEntry>> {
    return Array.isArray(key) ? this.#many(key, (each) => this.#entry(each, options)) : this.#entry(key, options);
  }

  async put(key: string, value: unknown, options: KVPutOptions = {}): Promise<{ version: number }> {
    const { expiration, expirationTtl, metadata, ifVersion } = options;
    const query = queryOf({ expiration, expiration_ttl: expirationTtl });
    const headers = {
      ...(metadata !== undefined && metadata !== null && { "mayfly-kv-metadata": ascii(metadata) }),
      ...(ifVersion === 0 && { "if-none-match": "*" }),
      ...(ifVersion !== undefined && ifVersion !== 0 && { "if-match": `"${ifVersion}"` }),
    };
    const reply = await request("kv", "PUT", `${this.#value(key)}${query}`, headers, await bytesOf(value));
    return { version: versionOf(reply.headers) };
  }

  async delete(key: string, { ifVersion }: { ifVersion?: number } = {}): Promise<void> {
    await request("kv", "DELETE", this.#value(key), ifVersion === undefined ? {} : { "if-match": `"${ifVersion}"` });
  }

  async list({ prefix, limit, cursor }: KVListOptions = {}): Promise<KVList> {
    const query = queryOf({ prefix: prefix ?? undefined, limit, cursor: cursor ?? undefined });
    const { body } = await request("kv", "GET", `${this.#base}/keys${query}`);
    return { ...(JSON.parse(body.toString()) as Omit<KVList, "cacheStatus">), cacheStatus: null };
  }

  /** Adds to a value that is a whole number, 0 if there is none, and returns the sum. No addition is lost, however many are made at once. */
  async increment(
    key: string,
    by = 1,
    { expiration, expirationTtl }: Pick<KVPutOptions, "expiration" | "expirationTtl"> = {},
  ): Promise<number> {
    const query = queryOf({ by, expiration, expiration_ttl: expirationTtl });
    const { body } = await request("kv", "POST", `${this.#base}/counters/${keyOf(key)}${query}`);
    return (JSON.parse(body.toString()) as { value: number }).value;
  }

  /** Writes that are all made, or none of them. */
  async batch(writes: readonly KVWrite[]): Promise<{ version: number; value?: number }[]> {
    const { body } = await request(
      "kv",
      "POST",
      `${this.#base}/batch`,
      { "content-type": "application/json" },
      Buffer.from(JSON.stringify(writes)),
    );
    return (JSON.parse(body.toString()) as { results: { version: number; value?: number }[] }).results;
  }

  async #entry(key: string, options: KVType | KVGetOptions): Promise<KVEntry> {
    const type = typeof options === "string" ? options : (options.type ?? "text");
    const { status, headers, body } = await request("kv", "GET", this.#value(key), {}, null);
    if (status === 404) return { value: null, metadata: null, cacheStatus: null, version: null };
    const metadata = headers["mayfly-kv-metadata"];
    return {
      value: asType(body, type),
      metadata: typeof metadata === "string" ? (JSON.parse(metadata) as unknown) : null,
      cacheStatus: null,
      version: versionOf(headers),
    };
  }

  async #many<T>(keys: string[], read: (key: string) => Promise<T>): Promise<Map<string, T>> {
    return new Map(await Promise.all(keys.map(async (key) => [key, await read(key)] as const)));
  }

  #value(key: string): string {
    return `${this.#base}/values/${keyOf(key)}`;
  }
}

function keyOf(key: unknown): string {
  if (typeof key !== "string") throw new TypeError("a key must be a string");
  // These three are refused, and in a URL they would be other paths.
  if (key === "" || key === "." || key === "..") throw new TypeError(`a key must not be ${JSON.stringify(key)}`);
  return encodeURIComponent(key);
}

function asType(body: Buffer, type: KVType): unknown {
  switch (type) {
    case "text":
      return body.toString();
    case "json":
      return JSON.parse(body.toString()) as unknown;
    case "arrayBuffer":
      return new Uint8Array(body).buffer;
    case "stream":
      return new Response(new Uint8Array(body)).body;
    default:
      throw new TypeError(`the type must be text, json, arrayBuffer or stream, and is ${String(type)}`);
  }
}

async function bytesOf(value: unknown): Promise<Buffer> {
  if (typeof value === "string") return Buffer.from(value);
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer) return Buffer.from(value);
  if (value instanceof ReadableStream) return Buffer.from(await new Response(value).arrayBuffer());
  throw new TypeError("a value must be a string, an ArrayBuffer or a view of one, or a ReadableStream");
}

function ascii(value: unknown): string {
  return JSON.stringify(value).replaceAll(/[^ -~]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function versionOf(headers: Record<string, unknown>): number {
  return Number(String(headers["etag"]).replaceAll('"', ""));
}

function queryOf(values: Record<string, string | number | undefined>): string {
  const given = Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return given.length === 0 ? "" : `?${new URLSearchParams(given).toString()}`;
}
