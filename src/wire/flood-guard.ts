/**
 * Credit bounds the bytes that a guest can send, but not frames that carry none. A sound agent stays far below this many of
 * them; a guest that passes it wants to keep the host busy.
 */
const FRAMES_PER_SECOND = 250_000;
const LOOK_EVERY = 65_536;

export class FloodGuard {
  #frames = 0;
  #since: number;

  /** @param now monotonic ms */
  constructor(now: number) {
    this.#since = now;
  }

  /** Counts one frame. True: they come too fast. The clock is read once in 65,536 calls. */
  count(now: () => number): boolean {
    this.#frames += 1;
    if (this.#frames < LOOK_EVERY) return false;
    const elapsed = now() - this.#since;
    this.#frames = 0;
    this.#since += elapsed;
    return elapsed < (LOOK_EVERY / FRAMES_PER_SECOND) * 1_000;
  }
}
