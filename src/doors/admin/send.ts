/**
 * Sends a request like fetch(), but over node:http, which can pin a certificate, and lets only the caller end a request that takes minutes,
 * as a deploy does if a template must be made for it. Redirects are not followed.
 */
import * as http from "node:http";
import * as https from "node:https";
import { Readable } from "node:stream";

export interface Sending {
  method: string;
  headers: Record<string, string>;
  body?: string | FormData;
  signal?: AbortSignal;
}

/** Returns a function that sends requests; `tls` has the options for those over https. */
export function createSend(tls: https.AgentOptions): (url: string, sending: Sending) => Promise<Response> {
  const agent = new https.Agent({ keepAlive: true, timeout: IDLE_MS, ...tls });
  return async (url, { signal, ...sending }) => {
    const { method, headers, body } = await encoded(url, sending);
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
    const options = { method, headers, ...(signal && { signal }) };
    const outgoing = url.startsWith("https:") ? https.request(url, { ...options, agent }, resolve) : http.request(url, options, resolve);
    outgoing.on("error", (error) => reject(signal?.aborted ? signal.reason : error));
    outgoing.end(body);
    return asResponse(await promise);
  };
}

/** Shorter than the time for which the server keeps an idle connection open. */
const IDLE_MS = 5_000;

/** Forms are encoded as multipart, with the header for it. */
async function encoded(url: string, sending: Omit<Sending, "signal">) {
  const request = new Request(url, sending);
  const body = Buffer.from(await request.arrayBuffer());
  const length = sending.body === undefined ? {} : { "content-length": body.length };
  return { method: sending.method, headers: { ...Object.fromEntries(request.headers), ...length }, body };
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
