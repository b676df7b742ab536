/** Makes a machine's request to the server, with the injected headers, and passes the response on. Bodies stream in both directions. */
import { type Agent, type IncomingMessage, request as makeRequest, type ServerResponse } from "node:http";
import { pipeline } from "node:stream";
import { guarded } from "../../base/errors/guarded.ts";
import type { MayflyError } from "../../base/errors/error.ts";
import type { Injection } from "./injection.ts";
import { requestHeaders, responseHeaders } from "./request-rules.ts";

interface ForwardParts {
  agent: Agent;
  injections: Injection[];
  maxHeaderSize: number;
  /** Answers the machine in the server's place, if nothing was answered yet. @param reason a clause */
  failed: (reason: string) => void;
  /** Ends the machine's connection. */
  cut: () => void;
}

export function forward(
  request: IncomingMessage,
  response: ServerResponse,
  { agent, injections, maxHeaderSize, failed, cut }: ForwardParts,
): void {
  const { method = "GET", url = "/" } = request;
  const headers = requestHeaders(request, injections);
  const outgoing = makeRequest({ agent, method, path: url, headers, maxHeaderSize, insecureHTTPParser: false });
  const onError = (error: Error) => {
    request.unpipe(outgoing);
    // The server may have answered before it had read the whole request; then the answer still counts.
    if (response.headersSent) request.resume();
    else failed(reasonOf(error));
  };
  outgoing.on("error", guarded(onError, cut));
  const onResponse = (incoming: IncomingMessage) => {
    answer(incoming, response, outgoing.shouldKeepAlive);
  };
  outgoing.on("response", guarded(onResponse, cut));
  const onClose = () => void (response.writableFinished ? undefined : outgoing.destroy());
  response.on("close", guarded(onClose, cut));
  request.pipe(outgoing);
}

function answer(incoming: IncomingMessage, response: ServerResponse, keepAlive: boolean): void {
  response.sendDate = false;
  response.shouldKeepAlive &&= keepAlive;
  response.writeHead(incoming.statusCode ?? 502, incoming.statusMessage ?? "", responseHeaders(incoming));
  // An answer that is cut off ends the machine's connection.
  pipeline(incoming, response, () => {});
}

/** Answers with the error. The connection ends after it, when the rest of the request has been read: a client that still writes would see only the end. */
export function refuse(request: IncomingMessage, response: ServerResponse, error: MayflyError): void {
  if (response.headersSent) return void response.destroy();
  const body = JSON.stringify(error.body());
  response.writeHead(error.entry.status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    connection: "close",
  });
  response.write(body);
  const end = () => response.end();
  if (request.complete) end();
  else request.once("end", guarded(end, end));
  request.resume();
}

/** Errors of a certificate are told as what they are. */
function reasonOf(error: Error & { code?: string }): string {
  const { code } = error;
  // What follows is advice for those who start Node.
  const [message = ""] = error.message.split(";");
  const isOfCertificate = code !== undefined && /CERT|SELF_SIGNED|ISSUER|LEAF_SIGNATURE|CRL/.test(code);
  if (isOfCertificate) return `the server's certificate is not one that this host trusts for it: ${message.replace(/\.$/, "")} (${code})`;
  return message.replace(/\.$/, "");
}
