/** Requests about one key. An entry's version is its ETag, so that conditional requests are those of HTTP. */
import { once } from "node:events";
import type { IncomingHttpHeaders } from "node:http";
import { MayflyError } from "../../base/errors/error.ts";
import { type Entry, MOST_VALUE_BYTES } from "../../services/kv/kv.ts";
import { bad, bodyOf, type Exchange, expirationOf, expiryOf, numberIn, sendJson } from "./exchange.ts";
import { asHeader, METADATA_HEADER, metadataIn } from "./metadata.ts";

/** Values up to this are read at once. A larger one waits until there is room for it. */
const SMALL_BYTES = 65_536;

/** GET and HEAD. The status is 404 with no body if there is no such key. */
export async function getValue(exchange: Exchange): Promise<void> {
  const { kv, store, key, request, response } = exchange;
  const isHead = request.method === "HEAD";
  const found = await kv.get(store, key, isHead ? 0 : SMALL_BYTES);
  const entry = found === null || found.value !== null || isHead ? found : await large(exchange, found.bytes);
  if (entry === null) return void response.writeHead(404, { "content-length": 0 }).end();
  const { version, metadata, expiresAt, bytes } = entry;
  const { expiration } = expirationOf(expiresAt);
  response.writeHead(200, {
    "content-type": "application/octet-stream",
    "content-length": bytes,
    etag: `"${version}"`,
    ...(metadata !== null && { [METADATA_HEADER]: asHeader(metadata) }),
    ...(expiration !== undefined && { "mayfly-kv-expiration": expiration }),
  });
  response.end(entry.value ?? undefined);
}

/** Holds room for the value until it is sent. Between the two reads, the value may have changed. Rejects with "kv-busy". */
async function large({ kv, store, key, response, room, left }: Exchange, bytes: number): Promise<Entry | null> {
  if (!room.take(store.tenant, bytes)) throw new MayflyError("kv-busy");
  if (left.aborted) room.give(store.tenant, bytes);
  else void once(response, "close").then(() => room.give(store.tenant, bytes));
  const entry = await kv.get(store, key, bytes);
  // It has become larger meanwhile.
  if (entry !== null && entry.value === null) throw new MayflyError("kv-busy");
  return entry;
}

export async function putValue(exchange: Exchange): Promise<void> {
  const { kv, store, key, query, request, response, now, trace } = exchange;
  const metadata = metadataIn(request.headers[METADATA_HEADER]);
  const [expiration, ttl] = [numberIn(query, "expiration"), numberIn(query, "expiration_ttl")];
  const ifVersion = versionIn(request.headers);
  const value = await bodyOf(exchange, MOST_VALUE_BYTES);
  const expiresAt = expiryOf(expiration, ttl, now());
  const [written] = await kv.write(store, [{ kind: "put", key, value, metadata, expiresAt, ifVersion }], trace);
  response.writeHead(204, { etag: `"${written!.version}"` }).end();
}

/** The status is 204 whether or not there was such a key. */
export async function removeValue({ kv, store, key, request, response, trace }: Exchange): Promise<void> {
  await kv.write(store, [{ kind: "remove", key, ifVersion: versionIn(request.headers) }], trace);
  response.writeHead(204).end();
}

export async function addTo({ kv, store, key, query, response, now, trace }: Exchange): Promise<void> {
  const by = numberIn(query, "by") ?? 1;
  const expiresAt = expiryOf(numberIn(query, "expiration"), numberIn(query, "expiration_ttl"), now());
  const [written] = await kv.write(store, [{ kind: "add", key, by, expiresAt }], trace);
  sendJson(response, { value: written!.sum, version: written!.version });
}

/** Throws "bad-request". */
function versionIn({ "if-match": match, "if-none-match": none }: IncomingHttpHeaders): number | undefined {
  if (none !== undefined && none.trim() !== "*") throw bad("If-None-Match must be *, for a key that must not be there yet");
  if (none !== undefined) return 0;
  if (match === undefined) return undefined;
  const version = /^\s*"(\d{1,15})"\s*$/.exec(match)?.[1];
  if (version === undefined) throw bad('If-Match must be the ETag of an entry, such as "7"');
  return Number(version);
}
