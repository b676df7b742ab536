/** What a request asks for, in either of the protocols. */
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { isObject } from "./input.ts";
import { readQuery } from "./query/read-query.ts";
import { SqsError } from "./sqs-error.ts";

const TARGET = "AmazonSQS.";

export interface Asked {
  operation: string;
  members: Record<string, unknown>;
}

export function isJson(headers: IncomingHttpHeaders): boolean {
  const target = headers["x-amz-target"];
  return typeof target === "string" && target.startsWith(TARGET);
}

export function readAsked(request: IncomingMessage, body: Buffer, isQuery: boolean): Asked {
  if (isQuery) return readForm(request, body);
  const operation = String(request.headers["x-amz-target"]).slice(TARGET.length);
  let members: unknown;
  try {
    members = body.length === 0 ? {} : JSON.parse(body.toString());
  } catch {
    throw new SqsError("SerializationException", "The request body is no JSON");
  }
  if (!isObject(members)) throw new SqsError("SerializationException", "The request body must be an object");
  return { operation, members };
}

/** A queue's own URL may be the target of a request, which then needs not name it again. */
function readForm({ url = "/", method }: IncomingMessage, body: Buffer): Asked {
  const at = url.indexOf("?");
  const [path, query] = at < 0 ? [url, ""] : [url.slice(0, at), url.slice(at + 1)];
  const asked = readQuery(method === "GET" ? query : body.toString());
  return path.length > 1 && asked.members["QueueUrl"] === undefined ? { ...asked, members: { ...asked.members, QueueUrl: path } } : asked;
}

/** The URL under which the client reached the server; it becomes a part of the URLs of queues. */
export function originOf({ headers: { host = "" } }: IncomingMessage, isTls: boolean): string {
  return `${isTls ? "https" : "http"}://${/^[\w.:[\]-]{1,260}$/.test(host) ? host : "localhost"}`;
}

export function traceOf(headers: IncomingHttpHeaders): string | undefined {
  const text = headers["x-amzn-trace-id"];
  return typeof text === "string" && /^[\w=;.: -]{1,500}$/.test(text) ? text : undefined;
}
