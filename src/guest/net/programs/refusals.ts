/**
 * Tells the app's log why programs did not reach something, because a program itself sees no more than a connection that is reset, or a name without
 * an address. The reason is told once a minute for a destination.
 */
import { performance } from "node:perf_hooks";
import type { Log } from "../../agent/log/log.ts";
import { LogLevel } from "../../../wire/protocol.ts";

/** When so many were told, they are forgotten, and told again. */
const MOST = 200;
const AGAIN_MS = 60_000;
/** The most characters of a destination, which may be a name of a program's choice. */
const LONGEST = 300;

export class Refusals {
  readonly #log: Log;
  /** When each line was told. */
  readonly #told = new Map<string, number>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** @param what "connect to example.com:443" */
  tell(what: string, reason: string): void {
    const line = `A program could not ${what.slice(0, LONGEST)}: ${reason}`;
    const now = performance.now();
    if (now - (this.#told.get(line) ?? -Infinity) < AGAIN_MS) return;
    if (this.#told.size >= MOST) this.#told.clear();
    this.#told.set(line, now);
    this.#log.say(null, LogLevel.Agent, line);
  }
}
