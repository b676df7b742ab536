/** Turns what a function gave for a request to its URL into a reply. Nothing of it is trusted: it may be any JSON. */

export interface UrlReply {
  status: number;
  /** Name, value, name, value … */
  headers: string[];
  body: Buffer;
}

/** An object with a status code is the whole reply; anything else is the body of a 200. Null if it is no JSON, or HTTP cannot carry it. */
export function urlReply(payload: Buffer): UrlReply | null {
  const value = parsed(payload);
  if (value === undefined) return ofStream(payload);
  if (typeof value === "string") return { status: 200, headers: ["content-type", "application/json"], body: Buffer.from(value) };
  if (!isObject(value) || value["statusCode"] === undefined)
    return { status: 200, headers: ["content-type", "application/json"], body: payload };
  const head = headOf(value, "application/json");
  return head && { ...head, body: bodyOf(value) };
}

/** The head of a streamed reply, of the metadata that the function gave before the body. */
export function streamHead(metadata: string): Omit<UrlReply, "body"> | null {
  const value = parsed(Buffer.from(metadata));
  return isObject(value) ? headOf({ statusCode: 200, ...value }, "application/octet-stream") : null;
}

/** The function streamed its reply, with metadata before the body, although nobody asked for a stream. */
function ofStream(payload: Buffer): UrlReply | null {
  const end = payload.indexOf(SEPARATOR);
  const head = end < 0 ? null : streamHead(payload.toString("utf8", 0, end));
  return head && { ...head, body: payload.subarray(end + SEPARATOR.length) };
}

const SEPARATOR = Buffer.alloc(8);
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;
const notInAValue = /[^\t\x20-\x7e\x80-\xff]/;
/** Headers of the connection are the server's own. */
const ownHeaders = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
  "te",
  "trailer",
  "content-length",
  "date",
]);
const MOST_HEADERS = 256;

function headOf(
  { statusCode, headers, multiValueHeaders, cookies }: Record<string, unknown>,
  usualType: string,
): Omit<UrlReply, "body"> | null {
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 200 || status > 599) return null;
  const list: string[] = [];
  for (const given of [headers, multiValueHeaders])
    for (const [name, value] of Object.entries(isObject(given) ? given : {}))
      for (const each of valuesOf(value)) list.push(name.toLowerCase(), textOf(each));
  for (const cookie of valuesOf(cookies)) list.push("set-cookie", textOf(cookie));
  const kept = pairs(list).filter(([name]) => !ownHeaders.has(name));
  if (kept.length > MOST_HEADERS || kept.some(([name, value]) => !token.test(name) || notInAValue.test(value))) return null;
  if (!kept.some(([name]) => name === "content-type")) kept.push(["content-type", usualType]);
  return { status, headers: kept.flat() };
}

function bodyOf({ body, isBase64Encoded }: Record<string, unknown>): Buffer {
  if (body === undefined || body === null) return Buffer.alloc(0);
  const text = textOf(body);
  return Buffer.from(text, isBase64Encoded === true ? "base64" : "utf8");
}

function pairs(list: string[]): [string, string][] {
  return list.flatMap((name, at): [string, string][] => (at % 2 === 0 ? [[name, list[at + 1]!]] : []));
}

function valuesOf(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Undefined if it is no JSON. */
function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString()) as unknown;
  } catch {
    return undefined;
  }
}
