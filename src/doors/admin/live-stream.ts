/** The stream of server-sent events that the dashboard reads: https://html.spec.whatwg.org/multipage/server-sent-events.html */
import type { Clock } from "../../base/clock/clock.ts";
import type { LiveView } from "../../control/live.ts";

const TICK_MS = 1_000;
/** Bytes that wait for a slow reader. While there are more, it is told nothing; afterwards, all machines anew. */
const BUFFERED_BYTES = 262_144;

type Bytes = Uint8Array<ArrayBuffer>;

/** Begins with all machines, and ends when the reader cancels, or may not read any more: its token was revoked, or its session has ended. */
export function liveStream(view: LiveView, clock: Pick<Clock, "every">, isAllowed: () => boolean): ReadableStream<Bytes> {
  let stop = (): void => undefined;
  let whole = true;
  return new ReadableStream<Bytes>(
    {
      start(controller) {
        const send = (event: string, data: unknown) => controller.enqueue(encoded(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
        const tell = () => {
          const isFull = (controller.desiredSize ?? 0) <= 0;
          const { tick, machines } = view.tick(whole);
          whole = isFull;
          if (isFull) return;
          send("tick", tick);
          if (machines !== undefined) send("machines", machines);
        };
        const stopTicking = clock.every(TICK_MS, () => {
          if (isAllowed()) return tell();
          stop();
          controller.close();
        });
        stop = () => {
          stopTicking();
          view.close();
        };
        tell();
      },
      cancel: () => stop(),
    },
    { highWaterMark: BUFFERED_BYTES, size: (chunk) => chunk.byteLength },
  );
}

function encoded(text: string): Bytes {
  return new TextEncoder().encode(text);
}
