import { MOST_LISTED } from "../../services/kv/kv.ts";
import { bad, type Exchange, expirationOf, numberIn, sendJson } from "./exchange.ts";

/** A page of keys, in the form of Cloudflare's. A cursor is the last key of the page before it. */
export async function listKeys({ kv, store, query, response }: Exchange): Promise<void> {
  const cursor = query.get("cursor") ?? "";
  const { keys, next } = await kv.list(store, {
    prefix: query.get("prefix") ?? "",
    most: numberIn(query, "limit") ?? MOST_LISTED,
    ...(cursor !== "" && { after: keyOf(cursor) }),
  });
  sendJson(response, {
    keys: keys.map(({ key, metadata, expiresAt, version, bytes }) => ({
      name: key,
      ...expirationOf(expiresAt),
      ...(metadata !== null && { metadata: JSON.parse(metadata) as unknown }),
      version,
      bytes,
    })),
    list_complete: next === null,
    ...(next !== null && { cursor: Buffer.from(next).toString("base64url") }),
  });
}

function keyOf(cursor: string): string {
  const key = Buffer.from(cursor, "base64url");
  if (key.toString("base64url") !== cursor) throw bad("cursor must be that of an earlier page");
  return key.toString();
}
