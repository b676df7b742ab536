/**
 * Runs accepted events.
 *
 * Owns: what is known of lanes, and the events that run.
 * 1. Tenants take turns, and the lanes of each: see turns.ts. A lane that has as many running as its performer allows is passed over until one of them ends. So no lane and
 *    no tenant keeps another waiting.
 * 2. An event ends once: its end is recorded in one transaction with what goes to its destination. While the disk is full, the end is kept here and tried again, and the
 *    event keeps its place, so that no more is begun than can be recorded.
 * 3. What runs when the server dies is run again at the next start.
 */
import { untilStored } from "../store/group-commit/until-stored.ts";
import type { Clock } from "../base/clock/clock.ts";
import { newId } from "./new-event-id.ts";
import type { GroupCommit } from "../store/group-commit/group-commit.ts";
import type { ClaimedEvent, Lane } from "./event.ts";
import type { EndedAttempt, Outcome, Performer } from "./performer.ts";
import type { EventOperations } from "./store/engine.ts";
import type { LaneRow } from "./store/lanes.ts";
import { type TurningLane, Turns } from "./turns.ts";
import type { AnotherAttempt, Ending, FollowingEvent } from "./store/settle.ts";
import type { LaneView } from "./waiting-for.ts";
import { waitAfterFailure, waitAfterRefusal } from "./waits.ts";

export interface RunnerOptions {
  commit: GroupCommit<EventOperations>;
  /** By the names that lanes give. */
  performers: ReadonlyMap<string, Performer>;
  clock: Clock;
  /** Whose the app is; what is no app's is of whom its id names. */
  tenantOf: (app: string) => string | undefined;
  /** 0 to 1, for the spread of waits. */
  chance: () => number;
  /** Events of all lanes that may run at the same time. */
  most: number;
  /** Bytes of a result that are kept. */
  resultBytes: number;
  /** Tells the app of an event that was given up. */
  tell: (event: ClaimedEvent, lane: Lane, text: string) => void;
  /** Called when something could not be stored, and is tried again. */
  onFailure: (error: unknown) => void;
}

/** Of a lane, at once. */
const CLAIM = 64;
const CLAIM_BYTES = 8 * 2 ** 20;
/** How long a lane rests after its performer refused an event, at first and at most, milliseconds. */
const REST_MS = 100;
const MOST_REST_MS = 5_000;
/** Between tries to store something. */
const STORE_AGAIN_MS = 1_000;
/** A delayed event may be due later than a timer can wait. */
const MOST_WAIT_MS = 60_000;

interface LaneState extends TurningLane {
  readonly number: number;
  readonly lane: Lane;
  isClaiming: boolean;
  /** Whether it may have events that wait. */
  hasMore: boolean;
  /** By the clock's now(). */
  restsUntil: number;
  restMs: number;
}

export class Runner {
  readonly #options: RunnerOptions;
  readonly #lanes = new Map<number, LaneState>();
  /** Lanes with something to do. */
  readonly #turns: Turns<LaneState>;
  #closed = false;
  /** Wall clock, ms, of the timer for delayed events. */
  #ripensAt = Infinity;
  #cancelRipening: () => void = () => {};
  #idle: (() => void)[] = [];

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#turns = new Turns(options.most);
  }

  /** Begins with what an earlier server left. */
  async start(): Promise<void> {
    const left = await this.#options.commit.run("recover", null);
    for (const row of left) this.#know(row);
    for (const { lane } of left) this.wake(lane);
    await this.#ripen();
  }

  /** The lane has something to do. It must be known: see know(). */
  wake(number: number): void {
    const state = this.#lanes.get(number);
    if (state === undefined) return;
    state.hasMore = true;
    this.#queue(state);
    this.#pump();
  }

  /** Forgets the lanes of an app that is removed. What runs of it runs to its end. */
  forget(app: string): void {
    for (const [number, { lane }] of this.#lanes) if (lane.app === app) this.#lanes.delete(number);
  }

  /** Events of the lane were accepted. @param dueAt wall clock, ms; of the first of them */
  accepted(number: number, lane: Lane, dueAt: number): void {
    this.#know({ lane: number, ...lane });
    if (dueAt > this.#options.clock.wall()) this.ripenAt(dueAt);
    else this.wake(number);
  }

  get running(): number {
    return this.#turns.running;
  }

  /** What is known of a lane now. */
  look(number: number): LaneView {
    const { clock, most, performers } = this.#options;
    const state = this.#lanes.get(number);
    if (state === undefined) return { running: 0, limit: Infinity, restMs: 0, hasRoom: true, all: this.running, most };
    const limit = performers.get(state.lane.performer)?.limit(state.lane) ?? CLAIM;
    const restMs = Math.max(0, state.restsUntil - clock.now());
    return { running: state.running, limit, restMs, hasRoom: this.#turns.roomFor(state) > 0, all: this.running, most };
  }

  /** Begins nothing more. Resolves when nothing runs, or after `graceMs`: what runs then still is run again at the next start. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    this.#cancelRipening();
    if (this.running === 0) return;
    const idle = new Promise<void>((resolve) => this.#idle.push(resolve));
    await Promise.race([idle, new Promise<void>((resolve) => this.#options.clock.after(graceMs, resolve))]);
  }

  #know({ lane: number, performer, app, target }: Pick<LaneRow, "lane" | keyof Lane>): LaneState {
    let state = this.#lanes.get(number);
    if (state === undefined) {
      const lane = { performer, app, target };
      const tenant = this.#options.tenantOf(app) ?? app;
      state = { number, lane, tenant, running: 0, isClaiming: false, hasMore: false, restsUntil: 0, restMs: REST_MS };
      this.#lanes.set(number, state);
    }
    return state;
  }

  #queue(state: LaneState): void {
    if (!state.isClaiming && state.hasMore) this.#turns.add(state);
  }

  #pump(): void {
    const { clock } = this.#options;
    while (!this.#closed) {
      const state = this.#turns.next();
      if (state === undefined) return;
      const rest = state.restsUntil - clock.now();
      if (rest > 0) clock.after(rest, () => this.wake(state.number));
      else void this.#claim(state);
    }
  }

  async #claim(state: LaneState): Promise<void> {
    const { commit, performers } = this.#options;
    const performer = performers.get(state.lane.performer);
    const limit = performer?.limit(state.lane) ?? CLAIM;
    const room = Math.min(limit - state.running, this.#turns.roomFor(state), CLAIM);
    // When one of its events ends, the lane has its turn again. If none of it runs, it is because its function may not run now.
    if (room <= 0) {
      if (limit <= 0 && state.running === 0) this.#options.clock.after(MOST_REST_MS, () => this.wake(state.number));
      return;
    }
    state.isClaiming = true;
    this.#turns.count(state, room);
    let taken = 0;
    try {
      const { events, hasMore } = await commit.run("claim", { lane: state.number, most: room, bytes: CLAIM_BYTES });
      state.hasMore = hasMore;
      taken = events.length;
      for (const event of events) void this.#carryOut(state, performer, event);
    } catch (error) {
      this.#options.onFailure(error);
      state.restsUntil = this.#options.clock.now() + STORE_AGAIN_MS;
    }
    state.isClaiming = false;
    if (taken < room) this.#free(state, room - taken);
    this.#queue(state);
    this.#pump();
  }

  #free(state: LaneState, count = 1): void {
    this.#turns.count(state, -count);
    if (this.running === 0 && this.#closed) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Never rejects. */
  async #carryOut(state: LaneState, performer: Performer | undefined, event: ClaimedEvent): Promise<void> {
    const outcome = await this.#perform(state.lane, performer, event);
    if (outcome.kind === "refused") this.#rest(state);
    else state.restMs = REST_MS;
    try {
      await this.#settle(state.lane, performer, event, outcome);
    } catch (error) {
      this.#options.onFailure(error);
    }
    this.#free(state);
    this.#queue(state);
    this.#pump();
  }

  async #perform(lane: Lane, performer: Performer | undefined, event: ClaimedEvent): Promise<Outcome> {
    if (performer === undefined) return { kind: "refused", why: `this server has nobody for events of the kind ${lane.performer}` };
    if (this.#options.clock.wall() > event.expiresAt) return { kind: "old" };
    try {
      return await performer.perform(event, lane, event.failures + 1);
    } catch (error) {
      return { kind: "refused", why: error instanceof Error ? error.message : String(error) };
    }
  }

  /** A lane whose events are refused is asked more and more rarely. */
  #rest(state: LaneState): void {
    state.restsUntil = this.#options.clock.now() + state.restMs;
    state.restMs = Math.min(MOST_REST_MS, 2 * state.restMs);
  }

  async #settle(lane: Lane, performer: Performer | undefined, event: ClaimedEvent, outcome: Outcome): Promise<void> {
    const now = this.#options.clock.wall();
    const next = this.#nextAttempt(event, outcome, now);
    if ("seq" in next) {
      await this.#store(() => this.#options.commit.run("again", next));
      return this.ripenAt(next.dueAt);
    }
    const attempts = event.failures + (outcome.kind === "done" || outcome.kind === "failed" ? 1 : 0);
    const isDone = outcome.kind === "done";
    const destination = isDone ? event.onSuccess : event.onFailure;
    const ended: EndedAttempt = { outcome, attempts, condition: next.condition, at: now };
    const message = destination && this.#messageTo(destination, lane, performer, event, ended);
    const result = "result" in outcome && outcome.result.length <= this.#options.resultBytes ? outcome.result : null;
    const why = isDone ? null : next.why;
    const ending: Ending = { seq: event.seq, outcome: isDone ? "succeeded" : "dead", why, attempts, result, message, now };
    const woken = await this.#store(() => this.#options.commit.run("end", ending));
    if (!isDone) this.#options.tell(event, lane, `The event ${event.id} is given up: ${next.why}.`);
    if (message !== undefined) this.#know({ lane: woken?.lanes.at(-1) ?? -1, ...message.lane });
    for (const number of woken?.lanes ?? []) this.wake(number);
    if (woken?.dueAt != null) this.ripenAt(woken.dueAt);
  }

  /** The other attempt, or why there is none. */
  #nextAttempt(event: ClaimedEvent, outcome: Outcome, now: number): AnotherAttempt | LastAttempt {
    if (outcome.kind === "done") return { condition: "Success", why: "" };
    if (outcome.kind === "gone") return { condition: "RetriesExhausted", why: outcome.why };
    if (outcome.kind === "old") return { condition: "EventAgeExceeded", why: "it is older than it may get" };
    const isFailure = outcome.kind === "failed";
    const failures = event.failures + (isFailure ? 1 : 0);
    if (isFailure && failures >= event.retry.attempts) {
      const times = failures === 1 ? "once" : `${failures} times`;
      return { condition: "RetriesExhausted", why: `the function failed ${times}, the last time because ${outcome.why}` };
    }
    const refusals = isFailure ? 0 : event.refusals + 1;
    const chance = this.#options.chance();
    const dueAt = now + (isFailure ? waitAfterFailure(event.retry, failures, chance) : waitAfterRefusal(refusals, chance));
    if (dueAt <= event.expiresAt) return { seq: event.seq, dueAt, failures, refusals, why: outcome.why };
    const why = `it would be older than it may get at the next attempt, and was not done because ${outcome.why}`;
    return { condition: "EventAgeExceeded", why };
  }

  #messageTo(
    { lane, about }: NonNullable<ClaimedEvent["onSuccess"]>,
    from: Lane,
    performer: Performer | undefined,
    event: ClaimedEvent,
    ended: EndedAttempt,
  ): FollowingEvent {
    return {
      id: newId(),
      lane,
      source: { kind: "destination", name: event.id },
      payload: this.#bodyOf(from, performer, event, ended),
      about: { about, trace: event.trace, retry: DELIVERY },
    };
  }

  /** What a caller sent and a function replied may be nested deeper than can be written again: then the destination is told without it. */
  #bodyOf(from: Lane, performer: Performer | undefined, event: ClaimedEvent, ended: EndedAttempt): Buffer {
    try {
      return Buffer.from(JSON.stringify(performer?.message?.(event, from, ended) ?? null));
    } catch (error) {
      this.#options.onFailure(error);
      const { condition, attempts, at } = ended;
      const requestContext = { requestId: event.id, condition, approximateInvokeCount: attempts };
      return Buffer.from(JSON.stringify({ version: "1.0", timestamp: new Date(at).toISOString(), requestContext }));
    }
  }

  /** Until it is stored, or the server ends: then the event is run again at the next start. */
  #store<T>(work: () => Promise<T>): Promise<T | undefined> {
    const { clock, onFailure } = this.#options;
    return untilStored(work, { clock, isClosed: () => this.#closed, onFailure: (error) => onFailure(error) });
  }

  /** An event is delayed until then: wall clock, ms. */
  ripenAt(at: number): void {
    if (at >= this.#ripensAt || this.#closed) return;
    this.#cancelRipening();
    this.#ripensAt = at;
    const wait = Math.max(0, Math.min(MOST_WAIT_MS, at - this.#options.clock.wall()));
    this.#cancelRipening = this.#options.clock.after(wait, () => void this.#ripen());
  }

  async #ripen(): Promise<void> {
    this.#ripensAt = Infinity;
    try {
      const { lanes, nextAt } = await this.#options.commit.run("ripen", { now: this.#options.clock.wall() });
      for (const number of lanes) this.wake(number);
      if (nextAt !== null) this.ripenAt(nextAt);
    } catch (error) {
      this.#options.onFailure(error);
      this.ripenAt(this.#options.clock.wall() + STORE_AGAIN_MS);
    }
  }
}

/** Why there is no further attempt. */
interface LastAttempt extends Pick<EndedAttempt, "condition"> {
  why: string;
}

/** For what goes to a destination: tried for a day. */
const DELIVERY = { attempts: 10, maxAgeMs: 86_400_000, waitMs: 10_000, mostWaitMs: 3_600_000 };
