/** The heads of Request and Response: Latin-1 text whose fields are separated by LF, read and written in few string operations. */
import type { HttpInput, InvocationInput, LambdaContext, RequestHead } from "./host-end.ts";
import { Limit } from "./protocol.ts";

export interface ResponseHead {
  status: number;
  /** name, value, name, value…, without hop-by-hop headers. */
  headers: string[];
}

const notInAHead = /[^\t\n\x20-\x7e\x80-\xff]/;
const notInAField = /[^\t\x20-\x7e\x80-\xff]/;
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const status = /^[2-5][0-9][0-9]$/;

/** The fields must be byte strings without CR, LF or NUL, as node:http gives them. request-limits.ts checks their lengths. */
export function encodeRequestHead({ id, function: name, remainingMs, attempt, revision, trace, input }: RequestHead): string {
  const left = Math.max(0, Math.round(remainingMs));
  const text = `${input.kind}\n${id}\n${name}\n${left}\n${attempt}\n${revision}\n${trace.traceparent}\n${trace.tracestate}`;
  if (input.kind === "http") return withHttp(text, input);
  return input.lambda === undefined ? text : `${text}\n${asciiJson(input.lambda)}`;
}

const notAscii = /[^\x20-\x7e]/g;

/** A value as JSON that a head or a header of HTTP can carry, which are text in ISO 8859-1. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(notAscii, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function withHttp(text: string, { event, method, url, headers }: HttpInput): string {
  const line = `${text}\n${event}\n${method}\n${url}`;
  return headers.length === 0 ? line : `${line}\n${headers.join("\n")}`;
}

/** The number of fields that every kind of invocation has. */
const COMMON_FIELDS = 8;

/** For tests and model agents, which trust the host. A machine's agent parses only as much of the head as the handler asks for. */
export function decodeRequestHead(text: string): RequestHead {
  const fields = text.split("\n");
  const [kind = "", id = "", name = "", remaining = "", attempt = "", revision = "", traceparent = "", tracestate = ""] = fields;
  const trace = { traceparent, tracestate };
  const input = decodeInput(kind, fields.slice(COMMON_FIELDS));
  return { id, function: name, remainingMs: Number(remaining), attempt: Number(attempt), revision, trace, input };
}

function decodeInput(kind: string, [event, method = "", url = "", ...headers]: string[]): InvocationInput {
  if (kind === "event") return event === undefined ? { kind } : { kind, lambda: JSON.parse(event) as LambdaContext };
  if (kind === "http" && (event === "http-v2" || event === "http-v1")) return { kind, event, method, url, headers };
  throw new Error(`a Request of kind ${kind} with the event form ${event}`);
}

/** Returns the head's text, or in `wrong` the reason why HTTP could not carry this response. */
export function encodeResponseHead(code: number, headers: string[]): { text: string } | { wrong: string } {
  if (!Number.isInteger(code) || code < 200 || code > 599) return { wrong: `its status is ${code}; 200 to 599 are allowed` };
  if (headers.length > 2 * Limit.headerPairs) return { wrong: `it has more than ${Limit.headerPairs} headers` };
  for (let at = 0; at < headers.length; at += 2) {
    if (!token.test(headers[at]!)) return { wrong: `its header name ${JSON.stringify(headers[at])} is invalid` };
    if (notInAField.test(headers[at + 1]!)) return { wrong: `its header ${headers[at]} has an invalid value` };
  }
  const text = headers.length === 0 ? String(code) : `${code}\n${headers.join("\n")}`;
  return text.length > Limit.head ? { wrong: `its headers are over ${Limit.head} bytes` } : { text };
}

/** For the host, which does not trust the guest: returns the head, or what is wrong with it. */
export function decodeResponseHead(text: string): ResponseHead | string {
  if (notInAHead.test(text)) return "a response head with a character that HTTP does not allow";
  const fields = text.split("\n");
  if (!status.test(fields[0]!)) return "a response head whose status is not 200 to 599";
  if (fields.length % 2 === 0) return "a response head with a name without a value";
  if (fields.length > 1 + 2 * Limit.headerPairs) return `a response head with more than ${Limit.headerPairs} headers`;
  return endToEnd(fields);
}

function endToEnd(fields: string[]): ResponseHead | string {
  const headers: string[] = [];
  for (let at = 1; at < fields.length; at += 2) {
    const name = fields[at]!;
    if (!token.test(name)) return "a response head with an invalid header name";
    if (!isHopByHop(name)) headers.push(name, fields[at + 1]!);
  }
  return { status: Number(fields[0]), headers };
}

/** Whether HTTP defines the header for one connection only. */
export function isHopByHop(name: string): boolean {
  // The length is compared first, because that excludes nearly every header.
  switch (name.length) {
    case 2:
    case 7:
    case 10:
    case 16:
    case 17:
      return hopByHop.has(name.toLowerCase());
    default:
      return false;
  }
}

const hopByHop = new Set(["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "te", "trailer"]);
