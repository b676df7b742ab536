/**
 * Responses of other implementations than Node's: of undici or node-fetch from npm, of @whatwg-node and others. An object with a status,
 * iterable headers and a readable body counts as a response, whatever its class.
 */
import type { Failures } from "../../../agent/invocation/failures.ts";
import type { Invocation } from "../../../agent/invocation/invocation.ts";
import { sendStream } from "./send-stream.ts";

export interface ForeignResponse {
  status: number;
  headers: ForeignHeaders;
  body?: unknown;
  bodyUsed?: boolean;
  type?: string;
  url?: string;
  arrayBuffer(): Promise<ArrayBuffer>;
}

interface ForeignHeaders extends Iterable<[unknown, unknown]> {
  getSetCookie?(): string[];
  /** node-fetch's method, from before getSetCookie existed. */
  raw?(): Record<string, string[]>;
}

export function isForeignResponse(value: unknown): value is ForeignResponse {
  if (typeof value !== "object" || value === null) return false;
  const [status, headers, arrayBuffer] = (["status", "headers", "arrayBuffer"] as const).map((key) => read(value as ForeignResponse, key));
  if (typeof status !== "number" || typeof arrayBuffer !== "function") return false;
  return typeof headers === "object" && headers !== null && Symbol.iterator in headers;
}

/** Undefined if a getter throws, which it does if the object only has the getter's class in its prototype chain. */
function read<Key extends keyof ForeignResponse>(response: ForeignResponse, key: Key): ForeignResponse[Key] | undefined {
  try {
    return response[key];
  } catch {
    // "Illegal invocation", or a missing private member. The property counts as absent.
    return undefined;
  }
}

export function sendForeign(invocation: Invocation, response: ForeignResponse, failures: Failures): void {
  const { status } = response;
  const body = read(response, "body");
  if (read(response, "bodyUsed") === true) return failures.badResponse(invocation, "a Response whose body was used already");
  const headers = pairsOf(response);
  if (body === undefined || body === null)
    return body === null ? invocation.reply(status, headers, null) : sendWhole(invocation, response, failures);
  const stream = asStream(body);
  if (stream === undefined) return sendWhole(invocation, response, failures);
  if (stream.locked) return failures.badResponse(invocation, "a Response whose body is locked to a reader");
  sendStream(invocation, status, headers, stream, failures);
}

/** Sends the body at once, if the response's class shows no stream. */
function sendWhole(invocation: Invocation, response: ForeignResponse, failures: Failures): void {
  response
    .arrayBuffer()
    .then((bytes) => invocation.reply(response.status, pairsOf(response), bytes.byteLength === 0 ? null : new Uint8Array(bytes)))
    .catch((error: unknown) => failures.threw(invocation, error));
}

/**
 * Cookies are never joined. Headers about encoding and length are dropped, because what fetch() got has been decoded, while they describe
 * the bytes that crossed the network.
 */
function pairsOf(response: ForeignResponse): string[] {
  const { headers } = response;
  const cookies = headers.getSetCookie?.() ?? headers.raw?.()["set-cookie"];
  const fetched = (read(response, "type") ?? "default") !== "default" || Boolean(read(response, "url"));
  const all = [...headers].map(([name, value]) => [String(name).toLowerCase(), String(value)] as const);
  const decoded = fetched && all.some(([name]) => name === "content-encoding");
  const left = new Set([...(cookies === undefined ? [] : ["set-cookie"]), ...(decoded ? ["content-encoding", "content-length"] : [])]);
  return [...all.filter(([name]) => !left.has(name)), ...(cookies ?? []).map((value) => ["set-cookie", value])].flat();
}

/** Undefined if the body is not a stream. */
function asStream(body: unknown): ReadableStream<unknown> | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  if ("getReader" in body && typeof body.getReader === "function") return body as ReadableStream<unknown>;
  // A Node stream, or anything else that gives chunks; chunks of text become bytes.
  return Symbol.asyncIterator in body ? ReadableStream.from(bytesOf(body as AsyncIterable<unknown>)) : undefined;
}

async function* bytesOf(chunks: AsyncIterable<unknown>): AsyncGenerator {
  for await (const chunk of chunks) yield typeof chunk === "string" ? Buffer.from(chunk) : chunk;
}
