/** Triggers and the runner of their events on a clock that stands still. What begins to run is recorded, and ends at once. */
import { FakeClock } from "../../../dispatch/testing/fake-clock.ts";
import { InlineCommit } from "../../../store/group-commit/testing/inline-commit.ts";
import type { GroupCommit } from "../../../store/group-commit/group-commit.ts";
import type { MayflyError } from "../../../base/errors/error.ts";
import type { RuleDefinition } from "../../bus/bus.ts";
import type { Buses } from "../../bus/buses.ts";
import { busesOver } from "../../bus/buses-over.ts";
import { KnownListeners } from "../../bus/listeners.ts";
import type { NewEvent } from "../../event.ts";
import { newId } from "../../new-event-id.ts";
import type { Outcome, Performer } from "../../performer.ts";
import { Runner } from "../../runner.ts";
import type { WaitingLimits } from "../../store/accept.ts";
import { engine, type EventOperations } from "../../store/engine.ts";
import { settled } from "../../testing/world.ts";
import type { StoredTrigger, TriggerOwner } from "../trigger.ts";
import { type Compose, TriggerClock } from "../trigger-clock.ts";
import { triggersOver } from "../triggers-over.ts";
import type { Triggers } from "../triggers.ts";

interface WorldOptions {
  chance?: () => number;
  most?: WaitingLimits;
}

/** Shorter than the time by which what is due is told beforehand. */
const SLICE_MS = 5_000;

export class TriggerWorld {
  readonly clock = new FakeClock();
  readonly began = this.clock.wall();
  readonly commit = new InlineCommit<EventOperations>(engine);
  readonly failures: unknown[] = [];
  /** What has begun to run: the trigger, and the time that it is about. */
  readonly begun: { name: string; at: number }[] = [];
  /** What was told beforehand: the trigger, its time, and how long before. */
  readonly told: { name: string; at: number; inMs: number }[] = [];
  /** Why an event of a trigger cannot be made. */
  refuses: (name: string) => MayflyError | undefined = () => undefined;
  /** Whether what begins is held. */
  holds = false;
  operations = 0;
  triggers!: Triggers;
  buses!: Buses;
  /** What did not go where it should. */
  readonly undelivered: string[] = [];
  #triggerClock!: TriggerClock;
  #held: (() => void)[] = [];
  #generation = 0;
  #left = Infinity;
  readonly #options: Required<WorldOptions>;

  constructor({ chance = () => 0, most = { events: 100_000, bytes: 1e9 } }: WorldOptions = {}) {
    this.#options = { chance, most };
    this.#begin();
  }

  /** The server dies once it has asked for so many operations, of which the last one is carried out. */
  dieAfter(operations: number): void {
    this.#left = operations;
  }

  async restart(): Promise<void> {
    this.#left = Infinity;
    await this.#begin().start();
    await this.#triggerClock.look();
    await settled();
  }

  /** The server dies, and comes back after that time. */
  async down(ms: number): Promise<void> {
    this.#generation += 1;
    await this.clock.advance(ms);
    await this.restart();
  }

  async advance(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= SLICE_MS) {
      await this.clock.advance(Math.min(SLICE_MS, left));
      await settled();
    }
  }

  async release(): Promise<void> {
    this.holds = false;
    for (const end of this.#held.splice(0)) end();
    await settled();
  }

  /** The times that what has begun is about, in minutes since the world began. */
  minutes(): number[] {
    return this.begun.map(({ at }) => (at - this.began) / 60_000);
  }

  /** The ids of all events that there were. */
  async acceptedEvents(): Promise<string[]> {
    const { events } = await this.commit.run("list", { app: "app_a", which: "all", most: 500 });
    return events.map(({ id }) => id);
  }

  event(name: string, at: number): NewEvent {
    const refused = this.refuses(name);
    if (refused !== undefined) throw refused;
    return {
      lane: { performer: "function", app: "app_a", target: "f" },
      id: newId(this.clock.wall()),
      payload: Buffer.from(JSON.stringify({ name, at })),
      about: null,
      source: { kind: "schedule", name },
      trace: { traceparent: "", tracestate: "" },
      retry: { attempts: 3, maxAgeMs: 3_600_000, waitMs: 1_000, mostWaitMs: 60_000 },
    };
  }

  #begin(): Runner {
    const { clock } = this;
    const generation = ++this.#generation;
    const commit = this.#commitOf(generation);
    const perform: Performer["perform"] = (event) => this.#perform(Buffer.from(event.payload).toString());
    const onFailure = (error: unknown) => void this.failures.push(error);
    const runner = new Runner({
      commit,
      performers: new Map([["function", { limit: () => 2_000, perform }]]),
      clock,
      tenantOf: () => "ten_a",
      chance: () => 1,
      most: 5_000,
      resultBytes: 100,
      tell: () => {},
      onFailure,
    });
    const compose = new Map<TriggerOwner, Compose>([
      ["manifest", ({ name }, at) => [this.event(name, at)]],
      ["rule", ({ definition, name }, at) => (definition as RuleDefinition).targets.map(({ id }) => this.event(`${name}/${id}`, at))],
    ]);
    const { chance, most } = this.#options;
    this.#triggerClock = new TriggerClock({
      commit,
      runner,
      compose,
      most,
      clock,
      chance,
      coming: ({ name, dueAt }, inMs) => void this.told.push({ name, at: dueAt!, inMs }),
      onFailure,
    });
    const needs = { commit, runner, triggerClock: this.#triggerClock, most, now: () => clock.wall(), chance };
    const bus = { tenantOf: (app: string) => (app === "app_a" ? "ten_a" : undefined), listening: busOf };
    const listeners = new KnownListeners({ commit, ...bus });
    this.triggers = triggersOver({ ...needs, changed: (app) => listeners.forget(bus.tenantOf(app)) });
    this.buses = busesOver({
      ...needs,
      listeners,
      limits: { buses: 2, rulesOfBus: 2, rules: 5, targetsOfRule: 2, startedBytes: 200_000 },
      deliver: ({ name }, { id }, { detail }) => this.event(`${name}/${id}`, (detail as { at: number }).at),
      start: ({ name }, { detail }) => this.event(name, (detail as { at: number }).at),
      undelivered: ({ to }) => void this.undelivered.push(to),
    });
    return runner;
  }

  /** Of a server that has died, nothing comes back. */
  #commitOf(generation: number): GroupCommit<EventOperations> {
    const forever = new Promise<never>(() => {});
    return {
      run: async (operation, argument) => {
        if (generation !== this.#generation || this.#left < 0) return forever;
        this.#left -= 1;
        this.operations += 1;
        const result = await this.commit.run(operation, argument);
        return generation !== this.#generation || this.#left < 0 ? forever : result;
      },
      close: () => Promise.resolve(),
    };
  }

  #perform(payload: string): Promise<Outcome> {
    this.begun.push(JSON.parse(payload) as { name: string; at: number });
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const end = () => resolve({ kind: "done", result: Buffer.from("1") });
    if (this.holds) this.#held.push(end);
    else end();
    return promise;
  }
}

/** The definition of a trigger of the kind `bus` is what it listens to. */
function busOf({ definition }: StoredTrigger): { bus: string; pattern: string } {
  return definition as { bus: string; pattern: string };
}
