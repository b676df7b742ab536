/**
 * Records why each machine was started, bound, drained and killed, with the policy's numbers of that moment, for `mayfly explain`.
 *
 * Owns: the newest decisions of each app.
 * 1. A machine's start is in the log of the app that it was started for and, once it is bound, in that of its own app.
 * 2. Memory is bounded for one app and for all together: the oldest decisions are dropped first.
 */
import type { Clock } from "../base/clock/clock.ts";
import type { MachineEnd } from "../fleet/fleet.ts";
import type { EndReason, NeedReason } from "../policy/reasons.ts";
import type { MachineRecord } from "./machine-record.ts";
import type { Decision } from "./live-dispatcher.ts";
import { clauseOfReason, type DecisionReason } from "./sentences.ts";

const MOST_OF_AN_APP = 500;
const MOST_OF_ALL = 20_000;

/** A decision without its sentence, which is made when somebody asks for it. */
type Kept = Omit<Decision, "why">;

export class DecisionLog {
  readonly #clock: Clock;
  readonly #apps = new Map<string, Kept[]>();
  /** The starts of machines that are bound to no app yet. */
  readonly #starts = new Map<MachineRecord, { app: string | null; start: Kept }>();
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Oldest first. */
  of(app: string): Decision[] {
    return (this.#apps.get(app) ?? []).map(inWords);
  }

  /** @param app the app that needed the machine; null if it was started for no app in particular */
  start(record: MachineRecord, app: string | null, why: NeedReason): void {
    const start = this.#decision(record, "start", why);
    this.#starts.set(record, { app, start });
    if (app !== null) this.#keep(app, start);
  }

  bind(record: MachineRecord, app: string, appName: string, why: NeedReason): void {
    const started = this.#starts.get(record);
    this.#starts.delete(record);
    if (started !== undefined && started.app !== app) {
      if (started.app !== null) this.#keep(started.app, this.#decision(record, "lost", { kind: "lost", app: appName, why }));
      this.#keep(app, started.start);
    }
    this.#keep(app, this.#decision(record, "bind", why));
  }

  ready(record: MachineRecord): void {
    const { app, startAt, blankAt, bindAt, boundAt } = record;
    const reason = { kind: "ready", startMs: blankAt - startAt, bindMs: boundAt - bindAt } as const;
    if (app !== null) this.#keep(app, this.#decision(record, "ready", reason));
  }

  drain(record: MachineRecord, why: EndReason): void {
    this.#about(record, "drain", why);
  }

  kill(record: MachineRecord, why: EndReason): void {
    this.#about(record, "kill", why);
  }

  gone(record: MachineRecord, { asked, reason, detail }: MachineEnd): void {
    if (!asked) this.#about(record, "end", { kind: "ended", exit: { reason, detail } });
    this.#starts.delete(record);
  }

  #about(record: MachineRecord, what: Decision["what"], reason: DecisionReason): void {
    const app = record.app ?? this.#starts.get(record)?.app ?? null;
    if (app !== null) this.#keep(app, this.#decision(record, what, reason));
  }

  #decision(record: MachineRecord, what: Decision["what"], reason: DecisionReason): Kept {
    const ageMs = this.#clock.now() - record.startAt;
    return { at: this.#clock.wall(), machine: record.name, what, reason, ageMs, invocations: record.invocations };
  }

  #keep(app: string, decision: Kept): void {
    const kept = this.#apps.get(app) ?? [];
    this.#apps.set(app, kept);
    kept.push(decision);
    this.#count++;
    if (kept.length > MOST_OF_AN_APP) this.#drop(app, kept, 1);
    if (this.#count > MOST_OF_ALL) for (const [name, all] of this.#apps) this.#drop(name, all, Math.ceil(all.length / 2));
  }

  #drop(app: string, kept: Kept[], oldest: number): void {
    kept.splice(0, oldest);
    this.#count -= oldest;
    if (kept.length === 0) this.#apps.delete(app);
  }
}

function inWords(kept: Kept): Decision {
  return { ...kept, why: clauseOfReason(kept.reason) };
}
