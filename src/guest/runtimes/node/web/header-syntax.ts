/** Names and values of headers that the Fetch standard allows. */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Values that HTTP can carry; the Fetch standard allows a few more control characters. */
const sendable = /^[\t\x20-\x7e\x80-\xff]*$/;
const blankEnds = /^[\t\n\r ]+|[\t\n\r ]+$/g;
/** NUL, CR and LF. */
const forbidden = /[\0\r\n]/;
const notBytes = /[^\0-\xff]/;

/** Valid names in lower case, by the name as given. Nearly every name was seen before. */
const known = new Map<string, string>();
const KNOWN_LIMIT = 1_000;

export function headerName(given: unknown): string {
  const seen = known.get(given as string);
  if (seen !== undefined) return seen;
  const name = String(given);
  if (!token.test(name)) throw new TypeError(`Headers: ${JSON.stringify(name)} is an invalid header name.`);
  const lower = name.toLowerCase();
  if (known.size < KNOWN_LIMIT) known.set(name, lower);
  return lower;
}

export function headerValue(given: unknown): string {
  let value = typeof given === "string" ? given : String(given);
  if (hasBlankEnd(value)) value = value.replace(blankEnds, "");
  if (sendable.test(value)) return value;
  if (notBytes.test(value)) throw new TypeError(`Headers: ${JSON.stringify(value)} has a character above U+00FF.`);
  if (forbidden.test(value)) throw new TypeError(`Headers: ${JSON.stringify(value)} is an invalid header value.`);
  return value;
}

export function isSendable(value: string): boolean {
  return sendable.test(value);
}

function hasBlankEnd(value: string): boolean {
  return value.charCodeAt(0) <= 32 || value.charCodeAt(value.length - 1) <= 32;
}
