/**
 * Lets triggers fire at their times.
 *
 * Owns: the one timer for the next time of all triggers. However many there are, they cost nothing until one is due.
 * 1. A time fires once: its events and the trigger's next time are stored in one transaction, and the time is the events' idempotency key besides.
 * 2. What cannot be stored, as the disk is full, stays due and is tried again.
 * 3. A trigger whose event cannot be made, or finds no room, keeps no other waiting.
 * 4. What is due soon is told beforehand, so that a machine may be there in time.
 */
import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "../../base/clock/clock.ts";
import { MayflyError } from "../../base/errors/error.ts";
import type { GroupCommit } from "../../store/group-commit/group-commit.ts";
import type { NewEvent } from "../event.ts";
import type { Runner } from "../runner.ts";
import type { WaitingLimits } from "../store/accept.ts";
import { traceEvent, type TracedEvent, type TracedEvents } from "../traced-events.ts";
import type { EventOperations } from "../store/engine.ts";
import { waitAfterRefusal } from "../waits.ts";
import { planFiring } from "./plan-firing.ts";
import type { Fired } from "./store/operations.ts";
import type { StoredTrigger, TriggerOwner } from "./trigger.ts";

/** Makes the events of a trigger for one of its times. Throws an error of the table, such as "no-such-function". */
export type Compose = (trigger: StoredTrigger, dueAt: number) => NewEvent[];

export interface TriggerClockOptions {
  commit: GroupCommit<EventOperations>;
  runner: Pick<Runner, "accepted">;
  compose: ReadonlyMap<TriggerOwner, Compose>;
  most: WaitingLimits;
  clock: Clock;
  /** 0 to 1. */
  chance: () => number;
  /** Left out: traces are not recorded. */
  traced?: TracedEvents | undefined;
  /** Called with what is due in `inMs`: AHEAD_MS before, or less; not of times that follow sooner. Must not throw. */
  coming?: ((trigger: StoredTrigger, inMs: number) => void) | undefined;
  /** Called when something could not be stored, and is tried again. */
  onFailure: (error: unknown) => void;
}

/** Triggers that fire in one transaction. */
const AT_ONCE = 250;
/** The wall clock may be set, so that it is looked at this often while anything is due later. */
const MOST_WAIT_MS = 60_000;
const STORE_AGAIN_MS = 1_000;
/** After a long rest of the server the times of many calendars are looked for: calls do not wait for all of them. */
const SLICE_MS = 10;
/** Machines start within this time. */
const AHEAD_MS = 10_000;

export class TriggerClock {
  readonly #options: TriggerClockOptions;
  #wakesAt = Infinity;
  #cancel: () => void = () => {};
  #looking: Promise<void> | null = null;
  #closed = false;
  /** Wall clock, ms: what is due until then was told. */
  #toldUntil = 0;

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
        // If the clock was set back, what is due soon was told of other times.
        if (this.#toldUntil > now + AHEAD_MS) this.#toldUntil = now;
        const ahead = { from: Math.max(now, this.#toldUntil), until: now + AHEAD_MS };
        const { due, coming, nextAt } = await commit.run("dueTriggers", { now, most: AT_ONCE, ahead });
        if (due.length > 0) await this.#fire(due, now);
        else if (coming.length > 0) this.#tell(coming, now);
        else {
          this.#toldUntil = ahead.until;
          if (nextAt.due !== null) this.expect(nextAt.due);
          if (nextAt.coming !== null) this.expect(nextAt.coming - AHEAD_MS);
          return;
        }
      }
    } catch (error) {
      onFailure(error);
      this.expect(clock.wall() + STORE_AGAIN_MS);
    }
  }

  /** Those that are due earliest come first: the next look goes on behind them. */
  #tell(coming: readonly StoredTrigger[], now: number): void {
    for (const trigger of coming) this.#options.coming?.(trigger, trigger.firesAt! - now);
    this.#toldUntil = coming.length < AT_ONCE ? now + AHEAD_MS : coming.at(-1)!.firesAt!;
  }

  async #fire(due: readonly StoredTrigger[], now: number): Promise<void> {
    const { commit, runner, most, clock } = this.#options;
    const fired: Fired[] = [];
    const stored = new Map<string, TracedEvent["stored"]>();
    let sliceFrom = clock.now();
    for (const trigger of due) {
      const plan = this.#plan(trigger, now);
      const events = plan.events.map((each) => traceEvent(each, this.#options.traced));
      for (const each of events) stored.set(each.event.id, each.stored);
      fired.push({ ...plan, events: events.map(({ event }) => event) });
      if (clock.now() - sliceFrom < SLICE_MS) continue;
      await turn();
      sliceFrom = clock.now();
    }
    const bytes = fired.reduce((sum, { events }) => sum + events.reduce((each, { payload }) => each + payload.length, 0), 0);
    const since = clock.wall();
    const { accepted } = await commit.run("fireTriggers", { fired, now, most }, bytes);
    for (const { id, lane, to, dueAt } of accepted) {
      stored.get(id)?.(clock.wall(), since);
      runner.accepted(lane, to, dueAt);
    }
  }

  #plan(trigger: StoredTrigger, now: number): Fired {
    const { compose, chance } = this.#options;
    const { timing, dueAt, refusals } = trigger;
    const { fires, missed, next } = planFiring({ ...trigger, timing: timing! }, now, chance());
    try {
      const make = compose.get(trigger.owner);
      if (make === undefined) throw new MayflyError("internal", { what: `nobody makes events of triggers of ${trigger.owner}` });
      const events = fires.flatMap((at) =>
        make(trigger, at).map((event, place) => Object.assign(event, { idempotencyKey: keyOf(trigger, at, place) })),
      );
      return { trigger: trigger.trigger, dueAt: dueAt!, events, missed, next, isOver: next === null && timing!.isRemovedAfter === true };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const retryAt = now + waitAfterRefusal(refusals + 1, chance());
      return { trigger: trigger.trigger, dueAt: dueAt!, events: [], missed: 0, next: null, isOver: false, refused: { why, retryAt } };
    }
  }
}

/** The number of a trigger is not given to another one. @param place of the event among those of that time */
function keyOf({ trigger }: StoredTrigger, dueAt: number, place: number): string {
  return `trigger ${trigger} ${new Date(dueAt).toISOString()}${place === 0 ? "" : ` ${place}`}`;
}
