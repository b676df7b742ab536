/** 103 Early Hints (RFC 8297): what a function says of its reply before the reply is there. */
import type { ServerResponse } from "node:http";

/** Only Link has a meaning there, and it is what browsers take. */
const LINK = "link";

/** @param headers name, value, name, value…, as the wire allows them */
export function writeHints(response: ServerResponse, headers: readonly string[]): void {
  const links = headers.flatMap((name, at) => (at % 2 === 0 && name.toLowerCase() === LINK ? [headers[at + 1]!] : []));
  if (links.length === 0) return;
  try {
    response.writeEarlyHints({ link: links });
  } catch {
    // node:http takes links of the usual form only. What it does not take is left out: hints may always be missing.
  }
}
