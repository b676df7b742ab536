/** Metadata in headers: JSON, of which all that is no ASCII is escaped in replies. In requests it may be UTF-8, too. */
import { bad } from "./exchange.ts";

export const METADATA_HEADER = "mayfly-kv-metadata";

/** Throws "bad-request". */
export function metadataIn(header: string | string[] | undefined): string | null {
  if (header === undefined) return null;
  // node:http reads each byte of a header as a letter of its own.
  const text = Buffer.from(String(header), "latin1").toString();
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    throw bad(`the header ${METADATA_HEADER} must be JSON`);
  }
}

export function asHeader(json: string): string {
  return json.replaceAll(/[^ -~]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
