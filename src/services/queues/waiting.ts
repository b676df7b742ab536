/**
 * Receives that wait for messages. Nothing polls: a receive is tried again when something may have come to its queue, or at the time when a hidden message is visible.
 *
 * 1. Of one queue, receives are tried in the order in which they came, one after the other, so that the first gets the first message.
 * 2. What comes to a queue while a receive looks at it for the first time, and does not wait yet, is not missed: the receive says since when it has looked.
 * 3. A receive that is over, or whose caller has left, takes no message: one that it got too late is given back.
 */
import type { Clock } from "../../base/clock/clock.ts";
import type { ReceivedMessage } from "./queue.ts";

/** One try of a receive. `nextAt`: when there may be a message; null: not before something comes. */
export interface Try {
  messages: ReceivedMessage[];
  nextAt: number | null;
}

export interface WaitingReceive {
  queue: number;
  /** Milliseconds. */
  waitMs: number;
  nextAt: number | null;
  /** What now() gave before the first look at the queue. */
  since: number;
  signal?: AbortSignal | undefined;
  again(): Promise<Try>;
  /** Called with messages that nobody waits for any more. */
  giveBack(messages: ReceivedMessage[]): void;
}

interface Waiter extends WaitingReceive {
  resolve(messages: ReceivedMessage[]): void;
  reject(error: unknown): void;
  isOver: boolean;
}

interface Line {
  waiters: Set<Waiter>;
  isTrying: boolean;
  /** Whether something came while a receive was tried. */
  isStale: boolean;
  nextAt: number;
  stopTimer: () => void;
}

/** The wall clock may be set, so that a message may be visible earlier than a timer says. Milliseconds. */
const MOST_WAIT_MS = 60_000;
/** Queues of which it is remembered when something came last. */
const MOST_REMEMBERED = 10_000;

export class WaitingReceives {
  readonly #clock: Clock;
  readonly #lines = new Map<number, Line>();
  /** Grows with each wake. */
  #wakes = 0;
  /** By queue: its last wake. */
  readonly #woken = new Map<number, number>();
  /** What came before is not remembered. */
  #forgottenAt = 0;
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** For WaitingReceive.since. */
  now(): number {
    return this.#wakes;
  }

  /** Resolves with no messages at the end of the wait. */
  wait(receive: WaitingReceive): Promise<ReceivedMessage[]> {
    if (this.#isClosed || receive.signal?.aborted === true) return Promise.resolve([]);
    const { promise, resolve, reject } = Promise.withResolvers<ReceivedMessage[]>();
    const line = this.#line(receive.queue);
    const end = () => {
      waiter.isOver = true;
      line.waiters.delete(waiter);
      stop();
      receive.signal?.removeEventListener("abort", onEnd);
      this.#forget(receive.queue, line);
    };
    const waiter: Waiter = {
      ...receive,
      isOver: false,
      resolve: (messages) => {
        end();
        resolve(messages);
      },
      reject: (error) => {
        end();
        reject(error);
      },
    };
    const onEnd = () => waiter.resolve([]);
    const stop = this.#clock.after(receive.waitMs, onEnd);
    receive.signal?.addEventListener("abort", onEnd);
    line.waiters.add(waiter);
    this.#wakeAt(receive.queue, line, this.#hasCome(receive) ? 0 : receive.nextAt);
    return promise;
  }

  /** Something may have come to the queue. @param at when it is visible, wall clock */
  wake(queue: number, at = 0): void {
    if (this.#woken.size >= MOST_REMEMBERED) {
      this.#woken.clear();
      this.#forgottenAt = this.#wakes;
    }
    this.#woken.set(queue, ++this.#wakes);
    const line = this.#lines.get(queue);
    if (line !== undefined) this.#wakeAt(queue, line, at);
  }

  /** Ends all waits without messages. */
  close(): void {
    this.#isClosed = true;
    for (const { waiters } of this.#lines.values()) for (const waiter of waiters) waiter.resolve([]);
  }

  #hasCome({ queue, since }: WaitingReceive): boolean {
    return since < this.#forgottenAt || (this.#woken.get(queue) ?? 0) > since;
  }

  #line(queue: number): Line {
    let line = this.#lines.get(queue);
    if (line === undefined) {
      line = { waiters: new Set(), isTrying: false, isStale: false, nextAt: Infinity, stopTimer: () => {} };
      this.#lines.set(queue, line);
    }
    return line;
  }

  #forget(queue: number, line: Line): void {
    if (line.waiters.size > 0 || line.isTrying) return;
    line.stopTimer();
    this.#lines.delete(queue);
  }

  #wakeAt(queue: number, line: Line, at: number | null): void {
    if (at === null) return;
    const wait = at - this.#clock.wall();
    if (wait <= 0) return void this.#try(queue, line);
    if (at >= line.nextAt) return;
    line.stopTimer();
    line.nextAt = at;
    line.stopTimer = this.#clock.after(Math.min(wait, MOST_WAIT_MS), () => {
      line.nextAt = Infinity;
      void this.#try(queue, line);
    });
  }

  /** Tries the receives of the line, until one gets nothing. Never rejects. */
  async #try(queue: number, line: Line): Promise<void> {
    line.isStale = true;
    if (line.isTrying) return;
    line.isTrying = true;
    let nextAt: number | null | undefined = null;
    while (line.isStale) {
      line.isStale = false;
      for (const waiter of line.waiters) {
        nextAt = await this.#tryOne(waiter);
        if (nextAt !== undefined) break;
      }
    }
    line.isTrying = false;
    if (line.waiters.size === 0) this.#forget(queue, line);
    else this.#wakeAt(queue, line, nextAt ?? null);
  }

  /** Undefined: it is over, and the next may be tried; otherwise when there may be a message. */
  async #tryOne(waiter: Waiter): Promise<number | null | undefined> {
    if (waiter.isOver) return undefined;
    try {
      const { messages, nextAt } = await waiter.again();
      if (messages.length === 0) return nextAt;
      if (waiter.isOver) waiter.giveBack(messages);
      else waiter.resolve(messages);
    } catch (error) {
      if (!waiter.isOver) waiter.reject(error);
    }
    return undefined;
  }
}
