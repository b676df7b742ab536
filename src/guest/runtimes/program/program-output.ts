/**
 * Cuts what a program prints into lines. A line is logged when it is complete, because only then can be told to which invocation it belongs.
 *
 * 1. A piece without an end is logged soon all the same, and what follows it goes on in the same entry.
 * 2. No more than PIECE characters wait here.
 */
import { StringDecoder } from "node:string_decoder";
import type { Print } from "../../agent/log/lines.ts";
import type { GuestLogLevel } from "../../../wire/protocol.ts";

/** Milliseconds. The machine may be stopped when nothing has moved for a quarter of a second, and then nothing is logged. */
const WAIT_MS = 50;
const PIECE = 4_096;

export class ProgramOutput {
  readonly #level: GuestLogLevel;
  readonly #print: Print;
  readonly #decoder = new StringDecoder("utf8");
  #rest = "";
  #timer: NodeJS.Timeout | undefined;

  constructor(level: GuestLogLevel, print: Print) {
    this.#level = level;
    this.#print = print;
  }

  take(chunk: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(chunk)).split("\n");
    this.#rest = lines.pop()!;
    for (const line of lines) this.#print(this.#level, line);
    if (this.#rest.length > PIECE) this.#flush();
    else if (this.#rest !== "") this.#timer ??= setTimeout(() => this.#flush(), WAIT_MS);
  }

  /** Logs what is left. */
  end(): void {
    this.#rest += this.#decoder.end();
    this.#flush();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#rest !== "") this.#print(this.#level, this.#rest, true);
    this.#rest = "";
  }
}
