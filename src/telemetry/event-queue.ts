/**
 * The events of one listener that waits for a disk or a network.
 * Owns: the events that the listener has not taken yet.
 * 1. At most `most` events wait, and at most so many bytes of them as `size` says. One more is dropped and counted, so that a slow listener takes neither more memory nor its sender's time.
 * 2. The listener gets a batch at a time, in the order of the events, and no further one before it is through with it.
 * 3. While events are dropped, their number is reported once a minute.
 */
import type { Clock } from "../base/clock/clock.ts";

export interface EventQueueOptions<Event> {
  /** The listener's name, for the line that says how many events it lost. */
  name: string;
  /** Events that may wait at most. */
  most: number;
  /** For events of which some are large; left out: only their number is bounded. */
  size?: {
    /** Of an event, in bytes or characters: about. It is asked twice, and answers the same. */
    of: (event: Event) => number;
    /** Of all that wait, at most. */
    most: number;
    /** Of those that the listener gets at once, about. */
    batch: number;
  };
  /** ms from the first event that waits until the listener gets a batch: events that come together are taken together. */
  pauseMs: number;
  /** @param lost events that were dropped since the batch before: they came after those of this batch, though maybe not right after them */
  take: (batch: readonly Event[], lost: number) => void | Promise<void>;
  clock: Pick<Clock, "after">;
  /** Called with what `take` throws. */
  failed: (error: unknown) => void;
  /** Called with an error that counts the dropped events. */
  report: (error: Error) => void;
}

/** Events of a batch at most, so that its listener does not keep the event loop for long. */
const BATCH = 500;
const REPORT_AFTER_MS = 60_000;

export class EventQueue<Event> {
  readonly #options: EventQueueOptions<Event>;
  readonly #waiting: Event[] = [];
  /** The sizes of those that wait, if they have any. */
  #size = 0;
  #emptying = Promise.resolve();
  #isEmptying = false;
  #cancelPause = () => {};
  #pausing = false;
  /** Dropped since the last batch. */
  #lost = 0;
  /** Dropped since the last report. */
  #unreported = 0;
  #cancelReport: (() => void) | undefined;

  constructor(options: EventQueueOptions<Event>) {
    this.#options = options;
  }

  add(event: Event): void {
    const { most, size, clock, pauseMs } = this.#options;
    const own = size === undefined ? 0 : size.of(event);
    if (this.#waiting.length >= most || (size !== undefined && this.#size + own > size.most)) return this.#drop();
    this.#waiting.push(event);
    this.#size += own;
    if (this.#pausing || this.#isEmptying) return;
    this.#pausing = true;
    this.#cancelPause = clock.after(pauseMs, () => void this.#empty());
  }

  /** Resolves when the listener is through with all that waits. Nothing may be added after the call. */
  async close(): Promise<void> {
    this.#cancelPause();
    while (this.#isEmptying || this.#waiting.length > 0) await this.#empty();
    this.#cancelReport?.();
    this.#tellDropped();
  }

  async #empty(): Promise<void> {
    this.#pausing = false;
    if (this.#waiting.length > 0 && !this.#isEmptying) this.#emptying = this.#giveAll();
    await this.#emptying;
  }

  async #giveAll(): Promise<void> {
    this.#isEmptying = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#batch());
      const lost = this.#lost;
      this.#lost = 0;
      try {
        await this.#options.take(batch, lost);
      } catch (error) {
        this.#options.failed(error);
      }
    }
    // In the same turn as the last look at what waits: an event that comes after it begins a pause of its own.
    this.#isEmptying = false;
  }

  /** Of how many events the next batch is. */
  #batch(): number {
    const { size } = this.#options;
    const most = Math.min(BATCH, this.#waiting.length);
    if (size === undefined) return most;
    let sum = 0;
    let events = 0;
    while (events < most && (events === 0 || sum < size.batch)) sum += size.of(this.#waiting[events++]!);
    this.#size -= sum;
    return events;
  }

  #drop(): void {
    this.#lost += 1;
    this.#unreported += 1;
    this.#cancelReport ??= this.#options.clock.after(REPORT_AFTER_MS, () => this.#tellDropped());
  }

  #tellDropped(): void {
    this.#cancelReport = undefined;
    if (this.#unreported === 0) return;
    const { name, report } = this.#options;
    report(new Error(`the listener "${name}" is too slow: ${this.#unreported} events were dropped for it`));
    this.#unreported = 0;
  }
}
