/** Requests to a certificate authority: over TLS alone, no redirects, and within a time and a size. */
import { request, type RequestOptions } from "node:https";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { guarded } from "../../base/errors/guarded.ts";

export interface AcmeAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

export type AcmeFetch = (url: string, asked: { method: "GET" | "HEAD" | "POST"; body?: string; accept?: string }) => Promise<AcmeAnswer>;

/** In bytes. Chains of certificates take some kilobytes. */
const MOST_BYTES = 262_144;
const MOST_MS = 30_000;

/** @param ca PEM of the authorities that are trusted in place of the usual ones @param closing ends what is under way */
export function createAcmeFetch(ca: string | undefined, closing: AbortSignal): AcmeFetch {
  return (text, { method, body, accept }) => {
    const { promise, resolve, reject } = Promise.withResolvers<AcmeAnswer>();
    const url = URL.parse(text);
    if (url?.protocol !== "https:") return Promise.reject(new Error(`${text.slice(0, 200)} is no address with https://`));
    const headers = {
      "user-agent": "mayfly",
      ...(body !== undefined && { "content-type": "application/jose+json", "content-length": Buffer.byteLength(body) }),
      ...(accept !== undefined && { accept }),
    };
    const signal = AbortSignal.any([closing, AbortSignal.timeout(MOST_MS)]);
    const options: RequestOptions = { method, headers, signal, agent: false, ...(ca !== undefined && { ca }) };
    const asked = request(url, options);
    asked.on("error", guarded(reject, reject));
    asked.on(
      "response",
      guarded((response: IncomingMessage) => answerOf(response).then(resolve, reject), reject),
    );
    asked.end(body);
    return promise;
  };
}

async function answerOf(response: IncomingMessage): Promise<AcmeAnswer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MOST_BYTES) throw new Error(`its answer has more than ${MOST_BYTES} bytes`);
    parts.push(part);
  }
  return { status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(parts).toString("utf8") };
}
