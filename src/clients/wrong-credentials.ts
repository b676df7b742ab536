/**
 * How many wrong credentials come from each address: tokens that nobody has, signatures that do not match, JWTs that no key has signed. More than a few are answered that there
 * were too many, and when to come again.
 *
 * Owns: for each address that sent wrong ones lately, the time at which all of them are forgotten.
 * 1. Right credentials are not counted, and nobody here refuses them: a stranger behind the same address locks nobody out. They are long random texts, so that there is
 *    no guessing to be stopped; what is bounded is what wrong ones cost, and how fast they are found out to be wrong.
 * 2. BURST are answered at once, and then one for each EACH_MS. What is answered that there were too many does not count, so that nobody has to wait longer than that.
 * 3. An IPv6 network of 64 bits is one address. MOST are remembered; the one whose last wrong one is longest ago is forgotten first.
 */
import type { Clock } from "../base/clock/clock.ts";
import { clientKey } from "../base/network/addresses.ts";

const BURST = 30;
const EACH_MS = 2_000;
const MOST = 20_000;

export class WrongCredentials {
  readonly #clock: Pick<Clock, "now">;
  readonly #most: number;
  readonly #forgottenAt = new Map<string, number>();

  constructor(clock: Pick<Clock, "now">, most = MOST) {
    this.#clock = clock;
    this.#most = most;
  }

  /** How many addresses are remembered. */
  get size(): number {
    return this.#forgottenAt.size;
  }

  /** Seconds after which further wrong ones from the address are answered as usual; 0 if the next one is. */
  waitS(address: string): number {
    if (this.#forgottenAt.size === 0) return 0;
    return secondsOf(this.#waitMs(clientKey(address)));
  }

  /** Counts a wrong one. Returns 0, or if it was one too many the seconds after which the next is answered as usual. */
  count(address: string): number {
    const key = clientKey(address);
    const waitMs = this.#waitMs(key);
    if (waitMs > 0) return secondsOf(waitMs);
    const now = this.#clock.now();
    const at = this.#forgottenAt.get(key) ?? now;
    // Moves the address to the end of the order.
    if (!this.#forgottenAt.delete(key)) this.#makeRoom(now);
    this.#forgottenAt.set(key, Math.max(at, now) + EACH_MS);
    return 0;
  }

  #waitMs(key: string): number {
    const at = this.#forgottenAt.get(key);
    return at === undefined ? 0 : Math.max(0, at - this.#clock.now() - (BURST - 1) * EACH_MS);
  }

  #makeRoom(now: number): void {
    for (const [key, at] of this.#forgottenAt) {
      if (at > now && this.#forgottenAt.size < this.#most) return;
      this.#forgottenAt.delete(key);
    }
  }
}

function secondsOf(ms: number): number {
  return Math.ceil(ms / 1_000);
}
