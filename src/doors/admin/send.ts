/**
 * Sends a request like fetch(), but over node:http, which can pin a certificate, and lets only the caller end a request that takes minutes,
 * as a deploy does if a template must be made for it. Redirects are not followed.
 */
import * as http from "node:http";
import * as https from "node:https";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { encodeForm } from "./multipart.ts";

export interface Sending {
  method: string;
  headers: Record<string, string>;
  /** A stream has its length in the headers, or is sent in pieces. */
  body?: string | FormData | Readable;
  signal?: AbortSignal;
}

/** Returns a function that sends requests; `tls` has the options for those over https. */
export function createSend(tls: https.AgentOptions): (url: string, sending: Sending) => Promise<Response> {
  const agent = new https.Agent({ keepAlive: true, timeout: IDLE_MS, ...tls });
  return async (url, { signal, ...sending }) => {
    const { method, headers, body } = encoded(sending);
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
    const options = { method, headers, ...(signal && { signal }) };
    const outgoing = url.startsWith("https:") ? https.request(url, { ...options, agent }, resolve) : http.request(url, options, resolve);
    const failed = (error: unknown) => reject(signal?.aborted ? signal.reason : error);
    outgoing.on("error", failed);
    if (typeof body === "string") outgoing.end(body);
    // A server may answer before it has read all. Then the answer counts, and not that the rest could not be sent.
    else pipeline(body, outgoing).catch(failed);
    return asResponse(await promise);
  };
}

/** Shorter than the time for which the server keeps an idle connection open. */
const IDLE_MS = 5_000;

/** Forms are encoded as multipart, with the headers for it. */
function encoded({ method, headers, body = "" }: Sending) {
  if (body instanceof Readable) return { method, headers, body };
  if (typeof body !== "string") {
    const form = encodeForm(body);
    return { method, headers: { ...headers, ...form.headers }, body: form.body };
  }
  const length = body === "" ? {} : { "content-length": Buffer.byteLength(body) };
  return { method, headers: { ...headers, ...length }, body };
}

function asResponse(incoming: http.IncomingMessage): Response {
  const status = incoming.statusCode as number;
  const headers = new Headers();
  for (let i = 0; i < incoming.rawHeaders.length; i += 2) headers.append(incoming.rawHeaders[i]!, incoming.rawHeaders[i + 1]!);
  if (!withoutBody.has(status)) return new Response(Readable.toWeb(incoming) as ReadableStream<Uint8Array>, { status, headers });
  incoming.resume();
  return new Response(null, { status, headers });
}

const withoutBody = new Set([204, 205, 304]);
