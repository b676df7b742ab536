/**
 * Lets triggers fire at their times.
 *
 * Owns: the one timer for the next time of all triggers. However many there are, they cost nothing until one is due.
 * 1. A time fires once: its events and the trigger's next time are stored in one transaction, and the time is the events' idempotency key besides.
 * 2. What cannot be stored, as the disk is full, stays due and is tried again.
 * 3. A trigger whose event cannot be made, or finds no room, keeps no other waiting.
 */
import type { Clock } from "../../base/clock/clock.ts";
import { MayflyError } from "../../base/errors/error.ts";
import type { GroupCommit } from "../../store/group-commit/group-commit.ts";
import type { NewEvent } from "../event.ts";
import type { Runner } from "../runner.ts";
import type { WaitingLimits } from "../store/accept.ts";
import type { EventOperations } from "../store/engine.ts";
import { waitAfterRefusal } from "../waits.ts";
import { planFiring } from "./plan-firing.ts";
import type { Fired } from "./store/operations.ts";
import type { StoredTrigger, TriggerOwner } from "./trigger.ts";

/** Makes the event of a trigger for one of its times. Throws an error of the table, such as "no-such-function". */
export type Compose = (trigger: StoredTrigger, dueAt: number) => NewEvent;

export interface TriggerClockOptions {
  commit: GroupCommit<EventOperations>;
  runner: Pick<Runner, "accepted">;
  compose: ReadonlyMap<TriggerOwner, Compose>;
  most: WaitingLimits;
  clock: Clock;
  /** 0 to 1. */
  chance: () => number;
  /** Called when something could not be stored, and is tried again. */
  onFailure: (error: unknown) => void;
}

/** Triggers that fire in one transaction. */
const AT_ONCE = 250;
/** The wall clock may be set, so that it is looked at this often while anything is due later. */
const MOST_WAIT_MS = 60_000;
const STORE_AGAIN_MS = 1_000;

export class TriggerClock {
  readonly #options: TriggerClockOptions;
  #wakesAt = Infinity;
  #cancel: () => void = () => {};
  #looking: Promise<void> | null = null;
  #closed = false;

  constructor(options: TriggerClockOptions) {
    this.#options = options;
  }

  /** A trigger may fire at that time. @param at wall clock, ms */
  expect(at: number): void {
    if (at >= this.#wakesAt || this.#closed) return;
    this.#cancel();
    this.#wakesAt = at;
    const { clock } = this.#options;
    const wait = Math.max(0, Math.min(MOST_WAIT_MS, at - clock.wall()));
    this.#cancel = clock.after(wait, () => void this.look());
  }

  /** Lets those fire that are due, and waits for the next ones. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = null));
    return this.#looking;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    await this.#looking;
  }

  async #look(): Promise<void> {
    this.#cancel();
    this.#wakesAt = Infinity;
    const { commit, clock, onFailure } = this.#options;
    try {
      for (;;) {
        if (this.#closed) return;
        const now = clock.wall();
        const { due, nextAt } = await commit.run("dueTriggers", { now, most: AT_ONCE });
        if (due.length === 0) {
          if (nextAt !== null) this.expect(nextAt);
          return;
        }
        await this.#fire(due, now);
      }
    } catch (error) {
      onFailure(error);
      this.expect(clock.wall() + STORE_AGAIN_MS);
    }
  }

  async #fire(due: readonly StoredTrigger[], now: number): Promise<void> {
    const { commit, runner, most } = this.#options;
    const fired = due.map((trigger) => this.#plan(trigger, now));
    const bytes = fired.reduce((sum, { events }) => sum + events.reduce((each, { payload }) => each + payload.length, 0), 0);
    const { accepted } = await commit.run("fireTriggers", { fired, now, most }, bytes);
    for (const { lane, to, dueAt } of accepted) runner.accepted(lane, to, dueAt);
  }

  #plan(trigger: StoredTrigger, now: number): Fired {
    const { compose, chance } = this.#options;
    const { timing, dueAt, refusals } = trigger;
    const { fires, missed, next } = planFiring({ ...trigger, timing: timing! }, now, chance());
    try {
      const make = compose.get(trigger.owner);
      if (make === undefined) throw new MayflyError("internal", { what: `nobody makes events of triggers of ${trigger.owner}` });
      const events = fires.map((at) => Object.assign(make(trigger, at), { idempotencyKey: keyOf(trigger, at) }));
      return { trigger: trigger.trigger, dueAt: dueAt!, events, missed, next };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const retryAt = now + waitAfterRefusal(refusals + 1, chance());
      return { trigger: trigger.trigger, dueAt: dueAt!, events: [], missed: 0, next: null, refused: { why, retryAt } };
    }
  }
}

/** The number of a trigger is not given to another one. */
function keyOf({ trigger }: StoredTrigger, dueAt: number): string {
  return `trigger ${trigger} ${new Date(dueAt).toISOString()}`;
}
