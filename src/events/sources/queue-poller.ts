/**
 * Hands the messages of one queue to a function, in batches.
 *
 * Owns: the batches that are collected and that run.
 * 1. A message is deleted once the function has handled it, and is held until then: see hold.ts. What is under way when the server dies is visible again by itself.
 * 2. A batch that the function was not run for is given back, and does not count as received. Then fewer run at the same time, and none begins for a while.
 * 3. The number of batches that run grows with the backlog: by one for each that ends while all places are taken.
 * 4. Nothing is received for which there is no place, so that other receivers of the queue can have it. Nothing polls.
 */
import type { Clock } from "../../base/clock/clock.ts";
import type { ReceivedMessage } from "../../services/queues/queue.ts";
import type { Queues } from "../../services/queues/queues.ts";
import { heldFor, Hold } from "./hold.ts";
import { recordOf } from "./queue-records.ts";
import type { HeldMessage, QueueRecord, QueueSource } from "./queue-source.ts";

export interface PollerParts {
  queues: Queues;
  clock: Clock;
  /** Of the batches of all pollers together. */
  held: { bytes: number };
  /** Called with failures that are not the function's. */
  onFailure: (error: unknown) => void;
}

/** Batches that run at the same time, at first. */
const FIRST_ALLOWED = 5;
/** Bytes of a batch's texts and attributes: with what is around them, a call may have no more than 6 MB. */
const BATCH_BYTES = 5_000_000;
/** Of all pollers together: above this, none has a second batch. */
const ALL_BYTES = 256_000_000;
/** Messages that are received at once. */
const AT_ONCE = 100;
/** After this time a receive is begun again, so that it knows of changes of the queue. */
const WAIT_MS = 600_000;
/** How long nothing begins after the function was not run, or the queue could not be asked, at first and at most, milliseconds. */
const REST_MS = 100;
const MOST_REST_MS = 10_000;

export class QueuePoller {
  readonly #source: QueueSource;
  readonly #parts: PollerParts;
  readonly #closing = new AbortController();
  #allowed: number;
  #running = 0;
  #restMs = 0;
  /** Called when a batch ends, or the source is closed. */
  #waiting: (() => void)[] = [];

  constructor(source: QueueSource, parts: PollerParts) {
    this.#source = source;
    this.#parts = parts;
    this.#allowed = Math.min(FIRST_ALLOWED, source.most);
    void this.#loop();
  }

  /** Begins no more batches. Resolves when none runs any more. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#tellEnded();
    while (this.#running > 0) await this.#untilOneEnds();
  }

  get #mayBegin(): boolean {
    return this.#running < this.#allowed && (this.#running === 0 || this.#parts.held.bytes < ALL_BYTES);
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  async #loop(): Promise<void> {
    while (!this.#isClosed) {
      if (this.#restMs > 0) await this.#rest();
      while (!this.#mayBegin && !this.#isClosed) await this.#untilOneEnds();
      if (this.#isClosed) return;
      try {
        await this.#next();
      } catch (error) {
        // It is told once, until the function was run again.
        if (this.#restMs === 0) this.#parts.onFailure(error);
        this.#tire();
      }
    }
  }

  /** Waits for messages, and begins a batch of them. */
  async #next(): Promise<void> {
    const { queue } = this.#source;
    const { queues, clock } = this.#parts;
    const { visibilityMs } = await this.#source.look();
    const first = await this.#receive(this.#source.batchSize, BATCH_BYTES, WAIT_MS, visibilityMs);
    if (first.length === 0) return;
    // It may have been changed during the wait.
    const now = await this.#source.look().catch(() => ({ visibilityMs }));
    const hold = new Hold({ messages: queues.messages, clock, onFailure: this.#parts.onFailure }, queue, now.visibilityMs);
    this.#running++;
    const batch = await this.#collect(first, hold, visibilityMs);
    const payload = Buffer.from(JSON.stringify({ Records: batch.map(({ record }) => record) }));
    this.#parts.held.bytes += payload.length;
    this.#run(batch, payload, hold)
      .catch((error: unknown) => this.#parts.onFailure(error))
      .finally(() => {
        hold.end();
        this.#parts.held.bytes -= payload.length;
        this.#running--;
        this.#tellEnded();
      });
  }

  #receive(most: number, bytes: number, waitMs: number, visibilityMs: number): Promise<ReceivedMessage[]> {
    const { signal } = this.#closing;
    const wish = { most: Math.min(most, AT_ONCE), bytes, waitMs, visibilityMs: heldFor(visibilityMs), signal };
    return this.#parts.queues.messages.receive(this.#source.queue, wish);
  }

  /** Adds messages until the batch is full, or there are no more within the window. Never rejects: what is there already is a batch, too. */
  async #collect(first: ReceivedMessage[], hold: Hold, visibilityMs: number): Promise<HeldMessage[]> {
    const { batchSize, windowMs } = this.#source;
    const { clock, onFailure } = this.#parts;
    const end = clock.now() + windowMs;
    const batch: HeldMessage[] = [];
    let bytes = 0;
    try {
      for (let more = first; ;) {
        hold.add(more);
        batch.push(...(await this.#wanted(more, hold)));
        bytes = batch.reduce((sum, { message }) => sum + message.body.length, 0);
        const waitMs = Math.max(0, end - clock.now());
        if (batch.length >= batchSize || bytes >= BATCH_BYTES || this.#isClosed) break;
        if (waitMs === 0 && more.length < AT_ONCE) break;
        more = await this.#receive(batchSize - batch.length, BATCH_BYTES - bytes, waitMs, visibilityMs);
        if (more.length === 0) break;
      }
    } catch (error) {
      onFailure(error);
    }
    return batch;
  }

  /** Deletes those that the function does not get. */
  async #wanted(messages: readonly ReceivedMessage[], hold: Hold): Promise<HeldMessage[]> {
    const all = messages.map((message) => ({ message, record: recordOf(message, this.#source) }));
    const wanted = all.filter(({ record }) => this.#isWanted(record));
    if (wanted.length < all.length) await hold.delete(all.filter((each) => !wanted.includes(each)).map(({ message }) => message));
    return wanted;
  }

  /** What cannot be compared with the source's patterns is the function's to judge: deleted, it would be lost. */
  #isWanted(record: QueueRecord): boolean {
    try {
      return this.#source.wants(record);
    } catch {
      return true;
    }
  }

  async #run(batch: readonly HeldMessage[], payload: Buffer, hold: Hold): Promise<void> {
    if (batch.length === 0) return;
    const messages = batch.map(({ message }) => message);
    if (this.#isClosed) return hold.giveBack(messages);
    const outcome = await this.#source.perform(payload, tracesOf(messages));
    if (outcome.kind === "done") {
      this.#thrive();
      const failed = this.#source.failures(outcome.result, new Set(messages.map(({ id }) => id)));
      await hold.delete(messages.filter(({ id }) => !failed.has(id)));
      await hold.fail(
        messages.filter(({ id }) => failed.has(id)),
        ({ id }) => failed.get(id) ?? null,
      );
    } else if (outcome.kind === "failed") {
      this.#thrive();
      await hold.fail(messages);
    } else {
      this.#tire();
      await hold.giveBack(messages);
    }
  }

  /** The function was run. */
  #thrive(): void {
    this.#restMs = 0;
    if (this.#running >= this.#allowed) this.#allowed = Math.min(this.#source.most, this.#allowed + 1);
  }

  #tire(): void {
    this.#restMs = Math.min(MOST_REST_MS, Math.max(REST_MS, 2 * this.#restMs));
    this.#allowed = Math.max(1, Math.floor(this.#allowed / 2));
  }

  async #rest(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = this.#parts.clock.after(this.#restMs, resolve);
    const { signal } = this.#closing;
    const onClose = () => resolve();
    signal.addEventListener("abort", onClose, { once: true });
    await promise;
    signal.removeEventListener("abort", onClose);
    stop();
  }

  #untilOneEnds(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #tellEnded(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** One is the parent of the function's span. A span has 128 links at most, as with OpenTelemetry's own libraries. */
const MOST_TRACES = 129;

function tracesOf(messages: readonly ReceivedMessage[]): string[] {
  const all = new Set(messages.flatMap(({ trace }) => trace ?? []));
  return [...all].slice(0, MOST_TRACES);
}
