/** Events and their runner on a clock that stands still, with functions that the test answers for. */
import { setImmediate } from "node:timers/promises";
import { FakeClock } from "../../dispatch/testing/fake-clock.ts";
import { InlineCommit } from "../../store/group-commit/testing/inline-commit.ts";
import { newId } from "../new-event-id.ts";
import type { ClaimedEvent, Lane, NewEvent } from "../event.ts";
import type { EndedAttempt, Outcome, Performer } from "../performer.ts";
import { Runner, type RunnerOptions } from "../runner.ts";
import { engine, type EventOperations } from "../store/engine.ts";

export const done: Outcome = { kind: "done", result: Buffer.from('"done"') };
export const failed: Outcome = { kind: "failed", why: "it threw", result: Buffer.from('"thrown"') };
export const refused: Outcome = { kind: "refused", why: "there was no room" };

/** What a timer sets going is over before the clock goes on for longer than this. */
const SLICE_MS = 500;

/** A run that the test ends. */
export interface Run {
  event: ClaimedEvent;
  lane: Lane;
  attempt: number;
  end(outcome: Outcome): Promise<void>;
}

export class World {
  readonly clock = new FakeClock();
  readonly commit = new InlineCommit<EventOperations>(engine);
  readonly failures: unknown[] = [];
  readonly told: string[] = [];
  /** What runs now, in the order in which it began. */
  running: Run[] = [];
  limit = 1_000;
  #generation = 0;
  runner: Runner;
  readonly #options: RunnerOptions;

  constructor(options: Partial<RunnerOptions> = {}) {
    const performer: Performer = {
      limit: () => this.limit,
      perform: (event, lane, attempt) => this.#perform(event, lane, attempt),
      message: (event: ClaimedEvent, _lane: Lane, { condition, attempts }: EndedAttempt) => ({ of: event.id, condition, attempts }),
    };
    this.#options = {
      commit: this.commit,
      performers: new Map([["function", performer]]),
      clock: this.clock,
      tenantOf: () => "ten_a",
      chance: () => 1,
      most: 1_000,
      resultBytes: 1_000,
      tell: (_event, _lane, text) => this.told.push(text),
      onFailure: (error) => this.failures.push(error),
      ...options,
    };
    this.runner = this.#begin();
  }

  async accept(target: string, more: Partial<NewEvent> = {}): Promise<string> {
    const lane = { performer: "function", app: "app_a", target };
    const event: NewEvent = {
      lane,
      id: newId(this.clock.wall()),
      payload: Buffer.from("{}"),
      about: null,
      source: { kind: "call" },
      trace: { traceparent: "", tracestate: "" },
      retry: { attempts: 3, maxAgeMs: 3_600_000, waitMs: 1_000, mostWaitMs: 60_000 },
      ...more,
    };
    const now = this.clock.wall();
    const accepted = await this.commit.run("accept", { event, now, most: { events: 100_000, bytes: 1e9 } });
    if (accepted.isNew) this.runner.accepted(accepted.lane, event.lane, event.dueAt ?? now);
    await settled();
    return accepted.id;
  }

  /** The server dies: nothing of what runs comes back, and another one begins. */
  async restart(): Promise<void> {
    this.running = [];
    this.runner = this.#begin();
    await this.runner.start();
    await settled();
  }

  async advance(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= SLICE_MS) {
      await this.clock.advance(Math.min(SLICE_MS, left));
      await settled();
    }
  }

  /** Ends what runs of a target, or all that runs. */
  async end(outcome: Outcome, target?: string): Promise<void> {
    for (const run of this.running.filter(({ lane }) => target === undefined || lane.target === target)) await run.end(outcome);
  }

  ids(): string[] {
    return this.running.map(({ event }) => event.id);
  }

  async state(id: string): Promise<string | undefined> {
    return (await this.commit.run("show", { app: "app_a", id }))?.state;
  }

  /** A runner whose server dies when the next one begins: nothing comes of what it asks for from then on. */
  #begin(): Runner {
    const generation = ++this.#generation;
    const forever = new Promise<never>(() => {});
    const { commit } = this;
    const run: typeof commit.run = async (operation, argument) => {
      if (generation !== this.#generation) return forever;
      return commit.run(operation, argument).finally(() => generation === this.#generation || forever);
    };
    return new Runner({ ...this.#options, commit: { run, close: () => commit.close() } });
  }

  #perform(event: ClaimedEvent, lane: Lane, attempt: number): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const end = async (outcome: Outcome) => {
      this.running = this.running.filter((each) => each !== run);
      resolve(outcome);
      await settled();
    };
    const run = { event, lane, attempt, end };
    this.running.push(run);
    return promise;
  }
}

/** What was set going by the test has come to a stop. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await setImmediate();
}
