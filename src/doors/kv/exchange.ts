/** What the requests to key-value stores have in common: their paths, parameters, bodies and replies. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { guarded } from "../../base/errors/guarded.ts";
import { MayflyError } from "../../base/errors/error.ts";
import type { Shares } from "../../clients/shares.ts";
import type { KeyValues, Store, Trace } from "../../services/kv/kv.ts";

/** One request and its answer. */
export interface Exchange {
  kv: KeyValues;
  store: Store;
  /** Empty if the path names none. */
  key: string;
  query: URLSearchParams;
  request: IncomingMessage;
  response: ServerResponse;
  left: AbortSignal;
  /** For the bytes of values that are on their way. */
  room: Shares;
  /** Wall clock, ms. */
  now: () => number;
  /** Of the invocation that asks. */
  trace: Trace | undefined;
}

interface StorePath {
  name: string;
  what: string;
  key: string;
  query: URLSearchParams;
}

/** Of a key all bytes may be percent-encoded; an encoded slash is the same as a slash. Throws "bad-request". */
export function storePath(url: string): StorePath {
  const [path, query] = splitOnce(url, "?");
  const found = /^\/v1\/([^/]+)\/([a-z]+)(?:\/(.*))?$/s.exec(path);
  if (found === null) throw bad("the path must be /v1/<store>/<what>, with what to do with the store");
  const [, name = "", what = "", key = ""] = found;
  return { name: decoded(name), what, key: decoded(key), query: new URLSearchParams(query) };
}

/** A whole number from the query; undefined if it has none of this name. Throws "bad-request". */
export function numberIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const number = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw bad(`${name} must be a whole number, and is ${JSON.stringify(text.slice(0, 100))}`);
  return number;
}

/** When an entry expires, ms since the epoch, from what Cloudflare calls `expiration` and `expiration_ttl`, in seconds; undefined: it does not. */
export function expiryOf(expiration: number | undefined, ttl: number | undefined, now: number): number | undefined {
  if (ttl !== undefined && ttl < 1) throw bad("expiration_ttl must be at least a second");
  if (expiration !== undefined && expiration * 1_000 <= now) throw bad("expiration must be in the future, in seconds since 1970");
  if (expiration !== undefined) return expiration * 1_000;
  return ttl === undefined ? undefined : now + ttl * 1_000;
}

/** As `expiration` in replies, in seconds. */
export function expirationOf(expiresAt: number | null): { expiration?: number } {
  return expiresAt === null ? {} : { expiration: Math.ceil(expiresAt / 1_000) };
}

/**
 * The request's body, whole, which holds its room until the answer is sent. Rejects with "kv-too-large" and "kv-busy", and never if the machine has left: then nobody waits
 * for it.
 */
export function bodyOf({ request, response, room, store: { tenant } }: Exchange, most: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const stop = (error: unknown) => {
    request.removeAllListeners("data");
    reject(error);
  };
  const take = (chunk: Buffer) => {
    if (bytes + chunk.length > most) throw new MayflyError("kv-too-large", { what: "What was sent", most });
    if (!room.take(tenant, chunk.length)) throw new MayflyError("kv-busy");
    bytes += chunk.length;
    chunks.push(chunk);
  };
  const give = () => room.give(tenant, bytes);
  response.once(
    "close",
    guarded(give, () => {}),
  );
  request.on("data", guarded(take, stop));
  request.once(
    "end",
    guarded(() => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)), stop),
  );
  return promise;
}

export function sendJson(response: ServerResponse, value: unknown): void {
  const body = Buffer.from(`${JSON.stringify(value)}\n`);
  response.writeHead(200, { "content-type": "application/json", "content-length": body.length });
  response.end(body);
}

export function bad(what: string): MayflyError {
  return new MayflyError("bad-request", { what });
}

function splitOnce(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw bad("the path has a percent sign that no two digits of UTF-8 follow");
  }
}
