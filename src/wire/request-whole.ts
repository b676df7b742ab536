import type { HostEnd, HttpInput, RequestHead, RequestSink } from "./host-end.ts";

/**
 * Sends one request and collects its reply's body. Rejects if the guest resets it. Never settles if the channel dies: see
 * HostEndEvents.dead.
 */
export function requestWhole(host: HostEnd, id: string, name: string, body: Buffer | null): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  const take = (chunk: Buffer) => {
    chunks.push(Buffer.from(chunk));
    stream.consumed(chunk.length);
  };
  const sink: RequestSink = {
    head: (_status, _headers, first) => take(first),
    data: take,
    end: () => undefined,
    reset: (code, message) => reject(new Error(`reset ${code}: ${message}`)),
    closed: () => resolve(Buffer.concat(chunks)),
    drain: () => undefined,
  };
  const input: HttpInput = { kind: "http", event: "http-v2", method: "POST", url: "http://localhost/", headers: [] };
  const trace = { traceparent: "", tracestate: "" };
  const head: RequestHead = { id, function: name, remainingMs: 60_000, attempt: 1, revision: "1", trace, input };
  const stream = host.request(head, body, true, sink);
  return promise;
}
