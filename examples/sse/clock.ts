/**
 * Server-sent events: `count` ticks, one every `everyMs`, until the caller disconnects.
 *
 * mayfly deploy examples/sse
 * curl -N 'http://127.0.0.1:8080/sse/clock?count=5&everyMs=200'
 */
import { setTimeout as sleep } from "node:timers/promises";

export default {
  fetch(request: Request): Response {
    const query = new URL(request.url).searchParams;
    const ticks = tick(Number(query.get("count") ?? 5), Number(query.get("everyMs") ?? 200), request.signal);
    return new Response(ReadableStream.from(ticks), { headers: { "content-type": "text/event-stream", "cache-control": "no-cache" } });
  },
};

async function* tick(count: number, everyMs: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for (let id = 1; id <= count && !signal.aborted; id++) {
    yield encoder.encode(`id: ${id}\nevent: tick\ndata: ${new Date().toISOString()}\n\n`);
    if (id < count) await sleep(everyMs, undefined, { signal }).catch(() => console.log(`the caller left after ${id} ticks`));
  }
}
