/** Replies that carry errors of the table, as JSON. */
import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { MayflyError } from "../../base/errors/error.ts";
import { STATUS_CODES } from "node:http";
import { grpcHeaders } from "./grpc-refusal.ts";
import { noteOn } from "./noted.ts";

/** The Retry-After header in seconds, for errors that pass by themselves and have no time of their own. */
const retryAfter: Partial<Record<number, string>> = { 429: "1", 503: "1" };

/**
 * @param id the invocation's id, if there is one
 * @param close whether the connection ends with this reply
 * @param more further headers: name, value, name, value …
 */
export function refuse(
  response: ServerResponse,
  error: MayflyError,
  id: string | undefined,
  close: boolean,
  more: readonly string[] = [],
): void {
  noteOn(response)?.failed(error.code);
  const grpc = grpcHeaders(response.req, error, id);
  if (grpc !== undefined) {
    response.writeHead(200, [...grpc, ...more]);
    return void response.end();
  }
  const { headers, body } = replyTo(error, id);
  headers.push(...more);
  if (close) headers.push("connection", "close");
  response.writeHead(error.entry.status, headers);
  response.end(body);
}

/** Refuses a request for which node:http has no response object, and ends the connection. */
export function refuseRaw(socket: Duplex, error: MayflyError): void {
  const { headers, body } = replyTo(error, undefined);
  headers.push("connection", "close", "date", new Date().toUTCString());
  const lines = [`HTTP/1.1 ${error.entry.status} ${STATUS_CODES[error.entry.status]}`];
  for (let at = 0; at < headers.length; at += 2) lines.push(`${headers[at]}: ${headers[at + 1]}`);
  socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`);
}

function replyTo(error: MayflyError, id: string | undefined): { headers: string[]; body: string } {
  const body = `${JSON.stringify(error.body(id))}\n`;
  const headers = ["content-type", "application/json", "content-length", String(Buffer.byteLength(body))];
  const retry = error.details["retryAfterS"] ?? retryAfter[error.entry.status];
  if (retry !== undefined) headers.push("retry-after", String(retry));
  return { headers, body };
}
