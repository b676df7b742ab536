/**
 * Makes the signature that a request should have, as AWS's documentation of Signature V4 describes it. This is the hot path of calls by the Lambda API: AWS's own
 * signer, with which the tests compare it, takes more time than all the rest of a call.
 */
import { hash } from "node:crypto";
import { remembering } from "../../base/remember/remembering.ts";
import type { Headers, Signature } from "./read-signature.ts";
import { hmacSha256Hex, sha256Hex } from "./sha256.ts";

export interface WholeRequest {
  method: string;
  /** As in the request line. */
  path: string;
  /** All of the URL's parameters. */
  query: URLSearchParams;
  headers: Headers;
  body: Uint8Array;
}

/** Returns 64 hexadecimal digits. @param key as signing-keys.ts makes it */
export function signatureOf(request: WholeRequest, given: Signature, key: Uint8Array): string {
  return hmacSha256Hex(key, textToSign(canonicalOf(request, given), given));
}

/** What is signed of a request, by its canonical form. */
export function textToSign(canonical: string, { date, day, region, service }: Signature): string {
  return `AWS4-HMAC-SHA256\n${date}\n${day}/${region}/${service}/aws4_request\n${hash("sha256", canonical)}`;
}

export function canonicalOf({ method, path, query, headers, body }: WholeRequest, { signedHeaders, service }: Signature): string {
  const isPlain = service === "s3";
  const names = signedHeaders.toSorted();
  let lines = "";
  for (const name of names) {
    // The client chooses the names: one may be that of something which every object has.
    const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
    if (typeof value === "string") lines += `${name}:${plain(value)}\n`;
  }
  const payload = headers["x-amz-content-sha256"] ?? sha256Hex(body);
  return `${method}\n${isPlain ? plainPath(path) : canonicalPath(path)}\n${canonicalQuery(query)}\n${lines}\n${names.join(";")}\n${payload}`;
}

/** Without blanks at its ends, and with one for several in a row. */
function plain(value: string): string {
  if (!/^\s|\s$|\s\s|[^\S ]/.test(value)) return value;
  return value.trim().replaceAll(/\s+/g, " ");
}

/** The path is encoded once more than it is sent, without empty parts and with dots resolved. */
const canonicalPath = remembering(1_000, (path) => {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") parts.pop();
    else parts.push(encoded(part));
  }
  const end = parts.length > 0 && path.endsWith("/") ? "/" : "";
  return `/${parts.join("/")}${end}`;
});

/** S3's keys may have empty parts and dots: its paths are signed as they are, encoded once. */
function plainPath(path: string): string {
  return path
    .split("/")
    .map((part) => encoded(decodeURIComponent(part)))
    .join("/");
}

function canonicalQuery(query: URLSearchParams): string {
  if (query.size === 0) return "";
  const pairs: [string, string][] = [];
  for (const [name, value] of query) if (name !== "X-Amz-Signature") pairs.push([encoded(name), encoded(value)]);
  pairs.sort(([name, value], [other, otherValue]) => compare(name, other) || compare(value, otherValue));
  return pairs.map(([name, value]) => `${name}=${value}`).join("&");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

const unreserved = /^[A-Za-z0-9_.~-]*$/;

function encoded(text: string): string {
  if (unreserved.test(text)) return text;
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}
