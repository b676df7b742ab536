import { once } from "node:events";
import { asMayflyError } from "../../base/errors/error.ts";
import type { Change } from "../../services/kv/kv.ts";
import { type Exchange, expirationOf, numberIn } from "./exchange.ts";

/**
 * Changes as they happen, a line of JSON for each, until the machine leaves. Changes that are not taken wait in the store, and nowhere else. An error is the last line,
 * because the status was sent before.
 */
export async function changesOf({ kv, store, query, response, left }: Exchange): Promise<void> {
  const prefix = query.get("prefix") ?? "";
  const changes = kv.watch(store, { prefix, since: numberIn(query, "since") ?? "now", signal: left });
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  response.flushHeaders();
  try {
    for await (const change of changes) if (!response.write(lineOf(shown(change)))) await once(response, "drain", { signal: left });
    response.end();
  } catch (error) {
    if (!left.aborted) response.end(lineOf(asMayflyError(error).body()));
  }
}

function lineOf(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

function shown({ key, version, entry }: Change): object {
  if (entry === null) return { name: key, version, removed: true };
  const { bytes, expiresAt, metadata } = entry;
  return { name: key, version, bytes, ...expirationOf(expiresAt), ...(metadata !== null && { metadata: JSON.parse(metadata) as unknown }) };
}
