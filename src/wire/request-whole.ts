import type { HostEnd, RequestHead, RequestSink } from "./host-end.ts";

/** One request and the whole body of its reply. Rejects where the guest resets it; never settles where the channel dies: see HostEndEvents.dead. */
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
  const head: RequestHead = { id, function: name, remainingMs: 60_000, method: "POST", url: "http://localhost/", headers: [] };
  const stream = host.request(head, body, true, sink);
  return promise;
}
