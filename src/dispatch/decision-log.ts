/**
 * Why each machine was started, bound, drained and killed, in the policy's words of that moment, for `mayfly explain`.
 *
 * Owns what it was told, app by app, the newest only.
 * 1. A machine's start is in the log of the app that it was started for and, once it is bound, in that of its own app.
 * 2. Neither one app nor all together fill the memory: the oldest goes first.
 */
import type { Clock } from "../base/clock/clock.ts";
import type { MachineEnd } from "../fleet/fleet.ts";
import { clauseOf } from "../machines/exit.ts";
import type { MachineRecord } from "./machine-record.ts";
import type { Decision } from "./live-dispatcher.ts";

const MOST_OF_AN_APP = 500;
const MOST_OF_ALL = 20_000;

export class DecisionLog {
  readonly #clock: Clock;
  readonly #apps = new Map<string, Decision[]>();
  /** Of machines that are bound to no app yet. */
  readonly #starts = new Map<MachineRecord, { app: string | null; start: Decision }>();
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Oldest first. */
  of(app: string): Decision[] {
    return this.#apps.get(app)?.slice() ?? [];
  }

  /** @param app whose need it was; null: nobody's in particular */
  start(record: MachineRecord, app: string | null, why: string): void {
    const start = this.#decision(record, "start", why);
    this.#starts.set(record, { app, start });
    if (app !== null) this.#keep(app, start);
  }

  bind(record: MachineRecord, app: string, why: string): void {
    const started = this.#starts.get(record);
    this.#starts.delete(record);
    if (started !== undefined && started.app !== app) {
      if (started.app !== null) this.#keep(started.app, this.#decision(record, "lost", `app ${app} got it: ${why}`));
      this.#keep(app, started.start);
    }
    this.#keep(app, this.#decision(record, "bind", why));
  }

  ready(record: MachineRecord): void {
    const { app, startAt, blankAt, bindAt, boundAt } = record;
    const [start, bind] = [blankAt - startAt, boundAt - bindAt].map((ms) => `${ms.toFixed(0)} ms`);
    if (app !== null) this.#keep(app, this.#decision(record, "ready", `the start took ${start}, the bind ${bind}`));
  }

  drain(record: MachineRecord, why: string): void {
    this.#about(record, "drain", why);
  }

  kill(record: MachineRecord, why: string): void {
    this.#about(record, "kill", why);
  }

  gone(record: MachineRecord, end: MachineEnd): void {
    if (!end.asked) this.#about(record, "end", clauseOf(end));
    this.#starts.delete(record);
  }

  #about(record: MachineRecord, what: Decision["what"], why: string): void {
    const app = record.app ?? this.#starts.get(record)?.app ?? null;
    if (app !== null) this.#keep(app, this.#decision(record, what, why));
  }

  #decision(record: MachineRecord, what: Decision["what"], why: string): Decision {
    const ageMs = this.#clock.now() - record.startAt;
    return { at: this.#clock.wall(), machine: record.name, what, why, ageMs, invocations: record.invocations };
  }

  #keep(app: string, decision: Decision): void {
    const kept = this.#apps.get(app) ?? [];
    this.#apps.set(app, kept);
    kept.push(decision);
    this.#count++;
    if (kept.length > MOST_OF_AN_APP) this.#drop(app, kept, 1);
    if (this.#count > MOST_OF_ALL) for (const [name, all] of this.#apps) this.#drop(name, all, Math.ceil(all.length / 2));
  }

  #drop(app: string, kept: Decision[], oldest: number): void {
    kept.splice(0, oldest);
    this.#count -= oldest;
    if (kept.length === 0) this.#apps.delete(app);
  }
}
