/**
 * Limits how much a machine prints. A line is written before console.log returns, which costs 10 µs on a bare process, 100 µs in a sandbox,
 * and more if the CPU is emulated. Without a limit, a function that prints without end would do nothing else, and would seem to hang.
 *
 * 1. No more bytes are written than the host keeps of a machine's log, because further lines would be thrown away. The budget is a tenth
 *    less, so that what the platform must say fits.
 * 2. Some thousand lines may be written at once, and as many a second; more are taken only while writing them takes less than a quarter of
 *    the time.
 */
import { LogRate } from "../../../wire/protocol.ts";
import { TokenBucket } from "../../../base/clock/token-bucket.ts";

const SHARE_OF_BYTES = 0.9;
const LINES_AT_ONCE = 4_000;
const LINES_PER_SECOND = 500;
/** Milliseconds of writing. */
const MS_AT_ONCE = 1_000;
const MS_PER_SECOND = 250;

export class LogBudget {
  readonly #bytes: TokenBucket;
  readonly #lines: TokenBucket;
  readonly #time: TokenBucket;

  /** @param now milliseconds */
  constructor(now: number) {
    this.#bytes = new TokenBucket(LogRate.bytesPerSecond * SHARE_OF_BYTES, LogRate.bytesAtOnce * SHARE_OF_BYTES, now);
    this.#lines = new TokenBucket(LINES_PER_SECOND, LINES_AT_ONCE, now);
    this.#time = new TokenBucket(MS_PER_SECOND, MS_AT_ONCE, now);
  }

  /**
   * Undefined if there is no room for the line.
   * @returns a function that must be called with the milliseconds that writing the line took
   */
  take(bytes: number, now: number): ((ms: number, at: number) => void) | undefined {
    const isCounted = this.#lines.take(1, now);
    if (!isCounted && !this.#time.take(0, now)) return undefined;
    if (!this.#bytes.take(bytes + LogRate.lineBytes, now)) return undefined;
    return isCounted ? ignored : this.#spend;
  }

  readonly #spend = (ms: number, at: number) => this.#time.spend(ms, at);
}

function ignored(): void {}
