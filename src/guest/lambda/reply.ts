/** What a Lambda function returned, as a reply: by the rules of function URLs. */

export interface LambdaReply {
  status: number;
  headers: string[];
  body: string | Buffer;
}

interface Returned {
  statusCode: number | string;
  headers?: Record<string, unknown>;
  multiValueHeaders?: Record<string, unknown[]>;
  cookies?: string[];
  body?: unknown;
  isBase64Encoded?: boolean;
}

/** An object with a status code says it all; anything else is the body of a 200, as JSON. */
export function lambdaReply(value: unknown): LambdaReply {
  if (!isReturned(value)) return { status: 200, headers: ["content-type", "application/json"], body: asText(value ?? null) };
  return { status: Number(value.statusCode), headers: lambdaHeaders(value, "application/json"), body: bodyOf(value) };
}

/** @param contentType where the function gave none */
export function lambdaHeaders({ headers, multiValueHeaders, cookies }: Partial<Returned>, contentType: string): string[] {
  const list: string[] = [];
  const add = (name: string, value: unknown) => void list.push(name.toLowerCase(), String(value).trim());
  for (const [name, value] of Object.entries(headers ?? {})) if (value !== undefined && value !== null) add(name, value);
  for (const [name, values] of Object.entries(multiValueHeaders ?? {})) for (const value of values) add(name, value);
  for (const cookie of cookies ?? []) add("set-cookie", cookie);
  if (!list.some((field, at) => at % 2 === 0 && field === "content-type")) add("content-type", contentType);
  return list;
}

function isReturned(value: unknown): value is Returned {
  return typeof value === "object" && value !== null && "statusCode" in value && value.statusCode !== undefined;
}

function bodyOf({ body, isBase64Encoded }: Returned): string | Buffer {
  if (body === undefined || body === null) return "";
  return isBase64Encoded === true ? Buffer.from(asText(body), "base64") : asText(body);
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
