import type { Clock } from "../../base/clock/clock.ts";
import type { NamedLog } from "../../control/logs.ts";
import type { LogLine, LogQuery } from "../../store/logs/logs.ts";
import { counted } from "../../base/words/counted.ts";

/** How often an empty line is sent, in milliseconds, to find out whether the reader is gone; and whether it may read at all is looked at as often. */
export const HEARTBEAT_MS = 5_000;
/** The most bytes that wait for a slow reader. Further lines are dropped until half of that was read; then one line says how many. */
const BUFFERED_BYTES = 1_048_576;

type Bytes = Uint8Array<ArrayBuffer>;

/** Lines of JSON, beginning with the tail, until the reader cancels, or may not read the log any more: its token was revoked or has expired. */
export function followStream(
  log: Pick<NamedLog, "name" | "follow">,
  query: Omit<LogQuery, "app">,
  clock: Clock,
  isAllowed: () => boolean = () => true,
): ReadableStream<Bytes> {
  let outlet: Outlet;
  let stop = (): void => undefined;
  return new ReadableStream<Bytes>(
    {
      start(controller) {
        outlet = new Outlet(controller, log.name, clock);
        const stopFollowing = log.follow(query, (line) => outlet.take(line));
        const stopBeating = clock.every(HEARTBEAT_MS, () => {
          if (isAllowed()) return controller.enqueue(encoded("\n"));
          stop();
          controller.close();
        });
        stop = () => {
          stopFollowing();
          stopBeating();
        };
      },
      pull: () => outlet.read(),
      cancel: () => stop(),
    },
    { highWaterMark: BUFFERED_BYTES, size: (chunk) => chunk.byteLength },
  );
}

class Outlet {
  readonly #controller: ReadableStreamDefaultController<Bytes>;
  readonly #app: string;
  readonly #clock: Clock;
  #leftOut = 0;

  constructor(controller: ReadableStreamDefaultController<Bytes>, app: string, clock: Clock) {
    this.#controller = controller;
    this.#app = app;
    this.#clock = clock;
  }

  take(line: LogLine): void {
    if (this.#leftOut > 0 || this.#room <= 0) this.#leftOut++;
    else this.#send(line);
  }

  /** The reader has read something. */
  read(): void {
    if (this.#leftOut === 0 || this.#room < BUFFERED_BYTES / 2) return;
    const text = `Left out ${counted(this.#leftOut, "log line")}: whoever reads them is too slow.`;
    this.#leftOut = 0;
    this.#send({ at: this.#clock.wall(), app: this.#app, level: "platform", text });
  }

  get #room(): number {
    return this.#controller.desiredSize ?? 0;
  }

  #send(line: LogLine): void {
    this.#controller.enqueue(encoded(`${JSON.stringify(line)}\n`));
  }
}

function encoded(text: string): Bytes {
  return new TextEncoder().encode(text);
}
