/**
 * Asynchronous invocations: the caller is told that the event was taken, and it is kept here until the function has handled it. They are in memory only, so that a
 * restart of the server loses those that wait; the app's log says how many.
 *
 * Owns: the events that wait or run.
 * 1. There are at most `most` events of at most `mostBytes` together, and one tenant has at most three quarters of both, less if others have some. An event beyond that
 *    is refused, with TooManyRequestsException.
 * 2. An event is run until the function has replied, has failed MaximumRetryAttempts + 1 times, or the event is older than MaximumEventAgeInSeconds.
 * 3. An attempt that is throttled, or for which the platform fails, is no attempt of the function's: it is repeated after a second, then after twice the time each, at
 *    most five minutes.
 * 4. All attempts have the same request id. A version that an alias has chosen by weight stays chosen.
 */
import type { Clock } from "../../../base/clock/clock.ts";
import { AwsError } from "../../../control/lambda/aws-error.ts";
import type { Invokable } from "../../../control/lambda/invokables.ts";
import { busy } from "../read-body.ts";
import { Shares } from "../../../clients/shares.ts";
import type { Outcome } from "./collect.ts";
import type { GivenTrace } from "./trace-header.ts";

export interface LambdaEvent {
  invokable: Invokable;
  id: string;
  payload: Buffer;
  trace: GivenTrace;
  client?: unknown;
  tenantId?: string;
}

export interface EventQueueOptions {
  /** Rejects with an AwsError if the function was not run. */
  attempt: (event: LambdaEvent, attempt: number) => Promise<Outcome>;
  /** Writes to the log of the event's app. */
  tell: (event: LambdaEvent, text: string) => void;
  clock: Clock;
  most: number;
  mostBytes: number;
  /** Milliseconds between the function's first failure and the next attempt; after the second failure it is twice as long. */
  retryMs: number;
}

interface Kept {
  event: LambdaEvent;
  /** By the clock of `now()`. */
  since: number;
  /** Attempts that the function has failed. */
  failures: number;
  /** How often in a row it was not run. */
  refusals: number;
  cancel: () => void;
}

const AWS_RETRIES = 2;
const AWS_AGE_SECONDS = 21_600;
const REFUSED_MS = 1_000;
const MOST_REFUSED_MS = 300_000;

export class EventQueue {
  readonly #options: EventQueueOptions;
  readonly #kept = new Set<Kept>();
  readonly #places: Shares;
  readonly #room: Shares;
  #closed = false;

  constructor(options: EventQueueOptions) {
    this.#options = options;
    this.#places = new Shares(options.most);
    this.#room = new Shares(options.mostBytes);
  }

  get size(): number {
    return this.#kept.size;
  }

  /** Throws TooManyRequestsException. */
  take(event: LambdaEvent): void {
    const { clock } = this.#options;
    if (this.#closed || !this.#hold(event)) throw busy();
    const kept: Kept = { event, since: clock.now(), failures: 0, refusals: 0, cancel: () => {} };
    this.#kept.add(kept);
    this.#after(kept, 0);
  }

  /** Drops what waits, and tells so in the apps' logs. */
  close(): void {
    this.#closed = true;
    const lost = new Map<string, { event: LambdaEvent; count: number }>();
    for (const { event, cancel } of this.#kept) {
      cancel();
      const of = lost.get(event.invokable.app) ?? { event, count: 0 };
      lost.set(event.invokable.app, { event, count: of.count + 1 });
    }
    for (const { event, count } of lost.values())
      this.#options.tell(
        event,
        `The server was stopped, and lost ${count === 1 ? "an asynchronous invocation that was" : `${count} asynchronous invocations that were`} not done: they are kept in memory only.`,
      );
    this.#kept.clear();
  }

  /** Returns whether there was room. */
  #hold({ invokable: { tenant }, payload }: LambdaEvent): boolean {
    if (!this.#places.take(tenant, 1)) return false;
    if (this.#room.take(tenant, payload.length)) return true;
    this.#places.give(tenant, 1);
    return false;
  }

  #after(kept: Kept, ms: number): void {
    kept.cancel = this.#options.clock.after(ms, () => void this.#attempt(kept));
  }

  async #attempt(kept: Kept): Promise<void> {
    const { attempt, clock } = this.#options;
    if (this.#isTooOld(kept, clock.now())) return this.#giveUp(kept, "it is older than its MaximumEventAgeInSeconds");
    try {
      const outcome = await attempt(kept.event, kept.failures + 1);
      kept.refusals = 0;
      if (!outcome.isFailure) this.#forget(kept);
      else this.#failed(kept);
    } catch (error) {
      this.#refused(kept, error);
    }
  }

  #failed(kept: Kept): void {
    const retries = kept.event.invokable.eventInvoke?.MaximumRetryAttempts ?? AWS_RETRIES;
    kept.failures += 1;
    if (kept.failures > retries)
      return this.#giveUp(kept, `the function failed ${kept.failures === 1 ? "once" : `${kept.failures} times`}`);
    this.#again(kept, this.#options.retryMs * 2 ** (kept.failures - 1));
  }

  #refused(kept: Kept, error: unknown): void {
    // Nobody can have changed that the function is gone.
    if (error instanceof AwsError && error.name === "ResourceNotFoundException") return this.#giveUp(kept, "the function is gone");
    this.#again(kept, Math.min(MOST_REFUSED_MS, REFUSED_MS * 2 ** kept.refusals));
    kept.refusals += 1;
  }

  #again(kept: Kept, ms: number): void {
    if (!this.#kept.has(kept)) return;
    if (this.#isTooOld(kept, this.#options.clock.now() + ms))
      return this.#giveUp(kept, "it would be older than its MaximumEventAgeInSeconds at the next attempt");
    this.#after(kept, ms);
  }

  #isTooOld({ event, since }: Kept, at: number): boolean {
    return at - since > 1_000 * (event.invokable.eventInvoke?.MaximumEventAgeInSeconds ?? AWS_AGE_SECONDS);
  }

  #giveUp(kept: Kept, why: string): void {
    this.#options.tell(kept.event, `The asynchronous invocation ${kept.event.id} is given up: ${why}.`);
    this.#forget(kept);
  }

  #forget(kept: Kept): void {
    if (!this.#kept.delete(kept)) return;
    const { invokable, payload } = kept.event;
    this.#places.give(invokable.tenant, 1);
    this.#room.give(invokable.tenant, payload.length);
  }
}
