/** The heads of Request and Response: Latin-1 text whose fields are separated by LF, read and written in few string operations. */
import type { HttpInput, InvocationInput, LambdaContext, RequestHead, UpgradeInput } from "./host-end.ts";
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
/** The status of a reply after which the connection speaks another protocol. */
export const SWITCHING = 101;

/** The fields must be byte strings without CR, LF or NUL, as node:http gives them. request-limits.ts checks their lengths. */
export function encodeRequestHead({ id, function: name, remainingMs, attempt, revision, trace, input }: RequestHead): string {
  const left = Math.max(0, Math.round(remainingMs));
  const text = `${input.kind}\n${id}\n${name}\n${left}\n${attempt}\n${revision}\n${trace.traceparent}\n${trace.tracestate}`;
  if (input.kind === "http" || input.kind === "upgrade") return withHttp(text, input);
  return input.kind !== "event" || input.lambda === undefined ? text : `${text}\n${asciiJson(input.lambda)}`;
}

const notAscii = /[^\x20-\x7e]/g;

/** A value as JSON that a head or a header of HTTP can carry, which are text in ISO 8859-1. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(notAscii, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function withHttp(text: string, input: HttpInput | UpgradeInput): string {
  const { method, url, headers } = input;
  let whole = `${text}\n${input.kind === "http" ? input.event : input.protocol}\n${method}\n${url}`;
  // Text that is only added to is copied once, when it is written to the channel: join() would be a copy more.
  for (let at = 0; at < headers.length; at++) whole += `\n${headers[at]}`;
  return whole;
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

function decodeInput(kind: string, [form, method = "", url = "", ...headers]: string[]): InvocationInput {
  if (kind === "event") return form === undefined ? { kind } : { kind, lambda: JSON.parse(form) as LambdaContext };
  if (kind === "http" && (form === "http-v2" || form === "http-v1")) return { kind, event: form, method, url, headers };
  if (kind === "upgrade" && form === "websocket") return { kind, protocol: form, method, url, headers };
  throw new Error(`a Request of kind ${kind} with the form ${form}`);
}

/**
 * Returns the head's text, or in `wrong` the reason why HTTP could not carry this response. @param maySwitch whether the caller asked for another
 * protocol, which the status 101 grants
 */
export function encodeResponseHead(code: number, headers: string[], maySwitch = false): { text: string } | { wrong: string } {
  const fits = Number.isInteger(code) && ((code >= 200 && code <= 599) || (maySwitch && code === SWITCHING));
  if (!fits) return { wrong: `its status is ${code}; 200 to 599 are allowed` };
  if (headers.length > 2 * Limit.headerPairs) return { wrong: `it has more than ${Limit.headerPairs} headers` };
  for (let at = 0; at < headers.length; at += 2) {
    if (!token.test(headers[at]!)) return { wrong: `its header name ${JSON.stringify(headers[at])} is invalid` };
    if (notInAField.test(headers[at + 1]!)) return { wrong: `its header ${headers[at]} has an invalid value` };
  }
  const text = headers.length === 0 ? String(code) : `${code}\n${headers.join("\n")}`;
  return text.length > Limit.head ? { wrong: `its headers are over ${Limit.head} bytes` } : { text };
}

/**
 * For the host, which does not trust the guest: returns the head, or what is wrong with it. @param maySwitch whether the caller asked for another
 * protocol, which the status 101 grants
 */
export function decodeResponseHead(text: string, maySwitch = false): ResponseHead | string {
  if (notInAHead.test(text)) return "a response head with a character that HTTP does not allow";
  const fields = text.split("\n");
  if (!status.test(fields[0]!) && !(maySwitch && fields[0] === String(SWITCHING))) return "a response head whose status is not 200 to 599";
  if (fields.length % 2 === 0) return "a response head with a name without a value";
  if (fields.length > 1 + 2 * Limit.headerPairs) return `a response head with more than ${Limit.headerPairs} headers`;
  return endToEnd(fields);
}

/** For the host: returns the status and the headers of a response that comes before the final one, or what is wrong with it. */
export function decodeInterimHead(text: string): ResponseHead | string {
  const fields = text.split("\n");
  // 100 and 101 are the gateway's own to send.
  if (!/^1(?:0[2-9]|[1-9][0-9])$/.test(fields[0]!)) return "an interim response whose status is not 102 to 199";
  const headers = pairsIn(fields.slice(1));
  return typeof headers === "string" ? headers : { status: Number(fields[0]), headers };
}

/** For the host: returns name, value, name, value… of trailers, or what is wrong with them. */
export function decodeTrailers(text: string): string[] | string {
  return pairsIn(text.split("\n"));
}

function pairsIn(fields: string[]): string[] | string {
  if (notInAHead.test(fields.join(""))) return "header fields with a character that HTTP does not allow";
  if (fields.length % 2 === 1) return "header fields with a name without a value";
  if (fields.length > 2 * Limit.headerPairs) return `more than ${Limit.headerPairs} header fields`;
  const read = endToEnd(["0", ...fields]);
  return typeof read === "string" ? read : read.headers;
}

/** Of trailers that are to be sent: those that HTTP can carry there. The others would change the meaning of a message that was handled already. */
export function sendableTrailers(pairs: readonly string[]): string[] {
  const sent: string[] = [];
  for (let at = 0; at < pairs.length && sent.length < 2 * Limit.headerPairs; at += 2) {
    const [name, value] = [pairs[at]!, pairs[at + 1]!];
    if (token.test(name) && !notInAField.test(value) && !isHopByHop(name) && !notInTrailers.has(name.toLowerCase())) sent.push(name, value);
  }
  return sent.join("\n").length > Limit.head ? [] : sent;
}

/** RFC 9110, 6.5.1: framing, routing, and what says how the content is to be read. */
const notInTrailers = new Set([
  "authorization",
  "cache-control",
  "content-encoding",
  "content-length",
  "content-range",
  "content-type",
  "cookie",
  "expect",
  "host",
  "max-forwards",
  "range",
  "set-cookie",
]);

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
