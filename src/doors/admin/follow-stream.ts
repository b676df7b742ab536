import type { Clock } from "../../base/clock/clock.ts";
import type { NamedLog } from "../../control/logs.ts";
import type { LogLine, LogQuery } from "../../store/logs/logs.ts";
import { counted } from "../../base/words/counted.ts";

/** How often an empty line is sent, in milliseconds, to find out whether the reader is gone; and whether it may read at all is looked at as often. */
export const HEARTBEAT_MS = 5_000;
/** The most bytes that wait for a slow reader. Further lines are dropped until half of that was read; then one line says how many. */
const BUFFERED_BYTES = 1_048_576;

type Bytes = Uint8Array<ArrayBuffer>;

/** Of lines that are told together, so much is written at once, unless one alone is longer. Characters. */
const PIECE = 65_536;

interface Piece {
  bytes: Bytes;
  lines: number;
}

/** Lines as they are sent: what many followers are told is written down once. It keeps nothing for longer than the lines themselves are kept. */
export class LogPieces {
  readonly #pieces = new WeakMap<readonly LogLine[], readonly Piece[]>();
  readonly #texts = new WeakMap<LogLine, string>();

  /** @param app the name of the app that the lines are of */
  of(lines: readonly LogLine[], app: string): readonly Piece[] {
    const known = this.#pieces.get(lines);
    if (known !== undefined) return known;
    const pieces: Piece[] = [];
    let [text, count] = ["", 0];
    for (const line of lines) {
      text += this.#textOf(line, app);
      count++;
      if (text.length < PIECE) continue;
      pieces.push({ bytes: encoded(text), lines: count });
      [text, count] = ["", 0];
    }
    if (count > 0) pieces.push({ bytes: encoded(text), lines: count });
    this.#pieces.set(lines, pieces);
    return pieces;
  }

  #textOf(line: LogLine, app: string): string {
    const known = this.#texts.get(line);
    if (known !== undefined) return known;
    const text = `${JSON.stringify({ ...line, app })}\n`;
    this.#texts.set(line, text);
    return text;
  }
}

/** Lines of JSON, beginning with the tail, until the reader cancels, or may not read the log any more: its token was revoked or has expired. */
export function followStream(
  log: Pick<NamedLog, "name" | "follow">,
  query: Omit<LogQuery, "app">,
  clock: Clock,
  isAllowed: () => boolean = () => true,
  pieces = new LogPieces(),
): ReadableStream<Bytes> {
  let outlet: Outlet;
  let stop = (): void => undefined;
  return new ReadableStream<Bytes>(
    {
      start(controller) {
        outlet = new Outlet(controller, log.name, clock);
        const stopFollowing = log.follow(query, (lines) => {
          for (const piece of pieces.of(lines, log.name)) outlet.take(piece);
        });
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

  take({ bytes, lines }: Piece): void {
    if (this.#leftOut > 0 || this.#room <= 0) this.#leftOut += lines;
    else this.#controller.enqueue(bytes);
  }

  /** The reader has read something. */
  read(): void {
    if (this.#leftOut === 0 || this.#room < BUFFERED_BYTES / 2) return;
    const text = `Left out ${counted(this.#leftOut, "log line")}: whoever reads them is too slow.`;
    this.#leftOut = 0;
    this.#controller.enqueue(encoded(`${JSON.stringify({ at: this.#clock.wall(), app: this.#app, level: "platform", text })}\n`));
  }

  get #room(): number {
    return this.#controller.desiredSize ?? 0;
  }
}

function encoded(text: string): Bytes {
  return new TextEncoder().encode(text);
}
