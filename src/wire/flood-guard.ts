/**
 * Credit bounds the bytes that a guest can send, but not the frames that carry none. A sound agent sends far fewer than this many a second;
 * a guest that sends more is trying to keep the host busy.
 */
const FRAMES_PER_SECOND = 250_000;
const LOOK_EVERY = 65_536;

export class FloodGuard {
  #frames = 0;
  #since: number;

  /** @param now milliseconds of a monotonic clock */
  constructor(now: number) {
    this.#since = now;
  }

  /** Counts one frame. Returns true if frames come too fast. Reads the clock once in 65,536 calls. */
  count(now: () => number): boolean {
    this.#frames += 1;
    if (this.#frames < LOOK_EVERY) return false;
    const elapsed = now() - this.#since;
    this.#frames = 0;
    this.#since += elapsed;
    return elapsed < (LOOK_EVERY / FRAMES_PER_SECOND) * 1_000;
  }
}
