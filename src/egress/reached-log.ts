/**
 * Tells the operator what apps and appliances connect to.
 *
 * 1. Each address of an app is told at its first connection and then once a minute at most, whichever of the app's machines connect to it.
 * 2. An app may connect to any number of addresses, so it gets a line a second on average, and LINES_AT_ONCE at once. What is left out is counted, and the
 *    count is told with the app's next line.
 */
import type { Clock } from "../base/clock/clock.ts";
import { TokenBucket } from "../base/clock/token-bucket.ts";

export interface Reached {
  /** The app's id, or the appliance's. */
  app: string;
  /** What it asked for: "db.internal:5432". */
  to: string;
  /** The address of the other end. */
  address: string;
  /** The number of connections before this one that were left out, if there are any. */
  leftOut?: number;
}

interface Known {
  lines: TokenBucket;
  /** When each address was told, milliseconds of the clock. */
  told: Map<string, number>;
  leftOut: number;
}

const AGAIN_MS = 60_000;
const LINES_PER_SECOND = 1;
const LINES_AT_ONCE = 60;
/** Beyond these numbers everything is forgotten, so that lines may be told again early. */
const ADDRESSES = 1_000;
const APPS = 10_000;

export class ReachedLog {
  readonly #tell: (reached: Reached) => void;
  readonly #clock: Clock;
  readonly #apps = new Map<string, Known>();

  constructor(tell: (reached: Reached) => void, clock: Clock) {
    this.#tell = tell;
    this.#clock = clock;
  }

  connected(app: string, to: string, address: string): void {
    const now = this.#clock.now();
    const known = this.#knownOf(app, now);
    const key = `${to} ${address}`;
    if (now - (known.told.get(key) ?? -Infinity) < AGAIN_MS) return;
    if (!known.lines.take(1, now)) {
      known.leftOut += 1;
      return;
    }
    if (known.told.size >= ADDRESSES) known.told.clear();
    known.told.set(key, now);
    const { leftOut } = known;
    known.leftOut = 0;
    this.#tell({ app, to, address, ...(leftOut > 0 && { leftOut }) });
  }

  #knownOf(app: string, now: number): Known {
    const known = this.#apps.get(app);
    if (known !== undefined) return known;
    if (this.#apps.size >= APPS) this.#apps.clear();
    const made = { lines: new TokenBucket(LINES_PER_SECOND, LINES_AT_ONCE, now), told: new Map(), leftOut: 0 };
    this.#apps.set(app, made);
    return made;
  }
}
