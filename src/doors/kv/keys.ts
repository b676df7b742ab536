import { type ListedKey, MOST_LISTED } from "../../services/kv/kv.ts";
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
    keys: keys.map(shown),
    list_complete: next === null,
    ...(next !== null && { cursor: Buffer.from(next).toString("base64url") }),
  });
}

function shown({ key, metadata, expiresAt, version, bytes }: ListedKey): object {
  const known = metadata === null ? {} : { metadata: JSON.parse(metadata) as unknown };
  return { name: key, ...expirationOf(expiresAt), ...known, version, bytes };
}

function keyOf(cursor: string): string {
  const key = Buffer.from(cursor, "base64url");
  if (key.toString("base64url") !== cursor) throw bad("cursor must be that of an earlier page");
  return key.toString();
}
