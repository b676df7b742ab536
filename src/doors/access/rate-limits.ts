/**
 * How often functions are called, by whom, against the limits of their manifests.
 *
 * Owns: for each function and each of its recent callers, the time at which the caller's limit is whole again.
 * 1. At most MOST callers are remembered, of all functions together, and MOST_OF_ONE of one function. Whoever calls from ever new addresses is forgotten
 *    first, and makes no other function forget its callers as long as one function alone does so.
 * 2. A caller whose limit is whole again needs no memory: it is as if it had never called.
 * 3. A refused call counts against no limit.
 * 4. The limits belong to the app's id and the function's name, so that neither a deploy nor the app's rest makes them whole.
 */
import type { RateLimit, RateRule } from "../../store/catalog/access-schema.ts";

const MOST = 200_000;
const MOST_OF_ONE = 20_000;
/** How many callers a look at the oldest ones examines. */
const LOOKS = 16;

/** For each caller the time, in ms of a monotonic clock, at which it could make a whole window's calls at once; the least recent caller is first. */
type Callers = Map<string, number>;

/** Stands for all callers of a function together. No caller's key is empty. */
const ALL = "";

export class RateLimits {
  readonly #functions = new Map<string, Callers>();
  readonly #most: number;
  readonly #mostOfOne: number;
  #size = 0;

  constructor({ most = MOST, mostOfOne = MOST_OF_ONE } = {}) {
    this.#most = most;
    this.#mostOfOne = mostOfOne;
  }

  /** How many callers are remembered. */
  get size(): number {
    return this.#size;
  }

  /**
   * Counts a call; returns 0 then. If it is one too many, it is not counted, and the result says in how many ms the caller may call again.
   * @param name of the function, with its app
   * @param caller not empty
   * @param now ms of a monotonic clock
   */
  take(name: string, caller: string, { perCaller, perFunction }: RateRule, now: number): number {
    const callers = this.#functions.get(name) ?? new Map<string, number>();
    const waits = [waitOf(callers.get(caller), perCaller, now), waitOf(callers.get(ALL), perFunction, now)];
    const wait = Math.max(...waits);
    if (wait > 0) return wait;
    this.#functions.set(name, callers);
    if (perCaller !== undefined) this.#count(callers, caller, perCaller, now);
    if (perFunction !== undefined) this.#count(callers, ALL, perFunction, now);
    return 0;
  }

  /** Forgets all whose limits are whole again. Called once a minute. */
  sweep(now: number): void {
    for (const [name, callers] of this.#functions) {
      for (const [caller, whole] of callers) if (whole <= now) this.#forget(callers, caller);
      if (callers.size === 0) this.#functions.delete(name);
    }
  }

  #count(callers: Callers, caller: string, limit: RateLimit, now: number): void {
    const whole = Math.max(callers.get(caller) ?? now, now) + msOfOne(limit);
    // Moves the caller to the end of the order.
    if (callers.delete(caller)) this.#size -= 1;
    else this.#makeRoom(callers, now);
    callers.set(caller, whole);
    this.#size += 1;
  }

  #makeRoom(callers: Callers, now: number): void {
    let looks = LOOKS;
    for (const [caller, whole] of callers) {
      if (looks === 0) break;
      looks -= 1;
      if (whole <= now) this.#forget(callers, caller);
    }
    if (callers.size >= this.#mostOfOne) this.#forgetOldest(callers, 1);
    if (this.#size >= this.#most) this.#forgetOldest(this.#largest(), Math.ceil(this.#mostOfOne / 8));
  }

  #largest(): Callers {
    let largest: Callers = new Map();
    for (const callers of this.#functions.values()) if (callers.size > largest.size) largest = callers;
    return largest;
  }

  /** The count of all callers together stays. */
  #forgetOldest(callers: Callers, count: number): void {
    let left = count;
    for (const caller of callers.keys()) {
      if (left === 0) return;
      if (caller === ALL) continue;
      this.#forget(callers, caller);
      left -= 1;
    }
  }

  #forget(callers: Callers, caller: string): void {
    if (callers.delete(caller)) this.#size -= 1;
  }
}

function msOfOne({ calls, seconds }: RateLimit): number {
  return (seconds * 1_000) / calls;
}

/** In ms; 0 if one more call is allowed. @param whole when the limit is whole again */
function waitOf(whole: number | undefined, limit: RateLimit | undefined, now: number): number {
  if (whole === undefined || limit === undefined) return 0;
  // The calls that are left are those that fit between now's debt and a whole window.
  const wait = whole - now - (limit.seconds * 1_000 - msOfOne(limit));
  // A fraction of a µs is a rounding error of the sums.
  return wait > 0.001 ? wait : 0;
}
