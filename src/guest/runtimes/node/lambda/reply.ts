/** Turns what a Lambda function returned into a reply, by the rules of function URLs. */

export interface LambdaReply {
  status: number;
  headers: string[];
  body: string | Uint8Array;
}

interface Returned {
  statusCode: number | string;
  headers?: unknown;
  multiValueHeaders?: unknown;
  cookies?: unknown;
  body?: unknown;
  isBase64Encoded?: boolean;
}

/** An object with a status code is the whole reply; anything else is the body of a 200, as JSON. @throws TypeError if JSON can't hold it */
export function lambdaReply(value: unknown): LambdaReply {
  if (!isReturned(value)) return { status: 200, headers: ["content-type", "application/json"], body: asText(value ?? null) };
  return { status: Number(value.statusCode), headers: lambdaHeaders(value, "application/json"), body: bodyOf(value) };
}

/** What a Lambda function returned for an event, as JSON. @throws TypeError if JSON can't hold it */
export function resultOf(value: unknown): string {
  return asJson(value ?? null);
}

/** @param contentType used if the function gave none */
export function lambdaHeaders({ headers, multiValueHeaders, cookies }: Partial<Returned>, contentType: string): string[] {
  const list: string[] = [];
  const add = (name: string, value: unknown) => void list.push(name.toLowerCase(), String(value).trim());
  for (const given of [headers, multiValueHeaders])
    for (const [name, value] of entriesOf(given)) for (const each of valuesOf(value)) add(name, each);
  for (const cookie of valuesOf(cookies)) add("set-cookie", cookie);
  if (!list.some((field, at) => at % 2 === 0 && field === "content-type")) add("content-type", contentType);
  return list;
}

/** The entries of an object, a Map or Headers. */
function entriesOf(headers: unknown): Iterable<[string, unknown]> {
  if (typeof headers !== "object" || headers === null) return [];
  return Symbol.iterator in headers ? (headers as Iterable<[string, unknown]>) : Object.entries(headers);
}

/** One value in place of a list is taken whole, because text would otherwise be split into its characters. */
function valuesOf(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

function isReturned(value: unknown): value is Returned {
  return typeof value === "object" && value !== null && "statusCode" in value && value.statusCode !== undefined;
}

function bodyOf({ body, isBase64Encoded }: Returned): string | Uint8Array {
  if (body === undefined || body === null) return "";
  if (body instanceof Uint8Array) return body;
  return isBase64Encoded === true ? Buffer.from(asText(body), "base64") : asText(body);
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : asJson(value);
}

function asJson(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError(`a ${typeof value} can't be sent as JSON`);
  return text;
}
