import type { Clock } from "../clock/clock.ts";
import type { LogLine, LogQuery, Logs } from "../logs/logs.ts";

/** An empty line this often finds out that the reader is gone. */
const HEARTBEAT_MS = 5_000;
/** Waiting for a slow reader, at most; what comes beyond is left out, and a line says so. */
const BUFFERED_BYTES = 1_048_576;

type Bytes = Uint8Array<ArrayBuffer>;

/** Lines of JSON, from the tail on, until the reader cancels. */
export function followStream(logs: Logs, query: LogQuery, clock: Clock): ReadableStream<Bytes> {
  let stop = (): void => undefined;
  return new ReadableStream<Bytes>(
    {
      start(controller) {
        const send = sender(controller, query.app, clock);
        const stopFollowing = logs.follow(query, send);
        const stopBeating = clock.every(HEARTBEAT_MS, () => controller.enqueue(encoded("\n")));
        stop = () => {
          stopFollowing();
          stopBeating();
        };
      },
      cancel: () => stop(),
    },
    { highWaterMark: BUFFERED_BYTES, size: (chunk) => chunk.byteLength },
  );
}

function sender(controller: ReadableStreamDefaultController<Bytes>, app: string, clock: Clock): (line: LogLine) => void {
  let left = 0;
  const send = (line: LogLine): void => controller.enqueue(encoded(`${JSON.stringify(line)}\n`));
  return (line) => {
    if ((controller.desiredSize ?? 0) <= 0) {
      left++;
      return;
    }
    if (left > 0) send({ at: clock.wall(), app, level: "platform", text: `${left} log lines were left out: the reader is too slow` });
    left = 0;
    send(line);
  };
}

function encoded(text: string): Bytes {
  return new TextEncoder().encode(text);
}
