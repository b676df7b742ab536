/** Keeps what a guest can provoke as often as it likes from filling its app's log: each line is told once a minute. */
const MOST = 200;
const AGAIN_MS = 60_000;

export class ToldOnce {
  /** When each line was told, milliseconds of the clock. */
  readonly #told = new Map<string, number>();

  /** Whether the line is to be told now. */
  isDue(line: string, now: number): boolean {
    if (now - (this.#told.get(line) ?? -Infinity) < AGAIN_MS) return false;
    if (this.#told.size >= MOST) this.#told.clear();
    this.#told.set(line, now);
    return true;
  }
}
