/**
 * Records why each machine was started, bound, drained and killed, with the policy's numbers of that moment, for `mayfly explain`. It listens to
 * the stream of platform events.
 *
 * Owns: the newest decisions of each app.
 * 1. A machine's start is in the log of the app that it was started for and, once it is bound, in that of its own app. What happens to machines of no app is in a log
 *    of its own, which only who asks for a machine sees.
 * 2. Memory is bounded for one app and for all together: the oldest decisions are dropped first.
 */
import type { EventStream } from "../telemetry/event-stream.ts";
import type {
  EventOfMachine,
  MachineBinding,
  MachineBound,
  MachineDraining,
  MachineEnded,
  MachineKilled,
  MachineStarted,
} from "../telemetry/platform-event.ts";
import type { Decision } from "./live-dispatcher.ts";
import { clauseOfReason } from "./sentences.ts";

const MOST_OF_AN_APP = 500;
/** Under this name the log is kept of machines that belong to no app, and were started for none. */
const NO_APP = "";
const MOST_OF_ALL = 20_000;

/** A decision without its sentence, which is made when somebody asks for it. */
type Kept = Omit<Decision, "why">;

export class DecisionLog {
  readonly #apps = new Map<string, Kept[]>();
  /** The starts of machines that are bound to no app yet, by the name of the machine. */
  readonly #starts = new Map<string, { app: string | null; start: Kept }>();
  #count = 0;

  constructor(events: EventStream) {
    events.listen({
      "machine-started": (event) => this.#started(event),
      "machine-binding": (event) => this.#binding(event),
      "machine-bound": (event) => this.#bound(event),
      "machine-draining": (event) => this.#about(event, "drain", event.why),
      "machine-killed": (event) => this.#about(event, "kill", event.why),
      "machine-ended": (event) => this.#ended(event),
    });
  }

  /** Oldest first. */
  of(app: string): Decision[] {
    return (this.#apps.get(app) ?? []).map(inWords);
  }

  /** What was decided about a machine, oldest first. @param sees whether the asker sees decisions about an app; null: about none */
  ofMachine(machine: string, sees: (app: string | null) => boolean): Decision[] {
    const found = new Set<Kept>();
    for (const [app, all] of this.#apps)
      if (all.some((kept) => kept.machine === machine) && sees(app === NO_APP ? null : app))
        for (const kept of all) if (kept.machine === machine) found.add(kept);
    return [...found].toSorted((a, b) => a.at - b.at || a.ageMs - b.ageMs).map(inWords);
  }

  #started(event: MachineStarted): void {
    const { key: _, ...kind } = event.kind;
    const start = { ...decision(event, "start", event.why), kind };
    this.#starts.set(event.machine, { app: event.neededBy, start });
    this.#keep(event.neededBy ?? NO_APP, start);
  }

  #binding(event: MachineBinding): void {
    const { machine, app, appName, why } = event;
    const started = this.#starts.get(machine);
    this.#starts.delete(machine);
    if (started !== undefined && started.app !== app) {
      if (started.app !== null) this.#keep(started.app, decision(event, "lost", { kind: "lost", app: appName, why }));
      this.#keep(app, started.start);
    }
    this.#keep(app, decision(event, "bind", why));
  }

  #bound(event: MachineBound): void {
    const { app, startMs, bindMs } = event;
    this.#keep(app, decision(event, "ready", { kind: "ready", startMs, bindMs }));
  }

  #ended(event: MachineEnded): void {
    const { reason, detail } = event.exit;
    if (!event.asked) {
      const ended = { kind: "ended", exit: { reason, detail } } as const;
      this.#nameCause(event, ended);
      this.#about(event, "end", ended);
    }
    this.#starts.delete(event.machine);
  }

  /** A machine that ends by itself is drained before the cause is known. Once it is, the cause stands for what was drained, and perhaps killed, because of it. */
  #nameCause({ app, machine }: MachineEnded, cause: Decision["reason"]): void {
    for (const kept of this.#apps.get(app ?? "") ?? [])
      if (kept.machine === machine && kept.reason.kind === "condemned" && kept.reason.because === "machine-ending") kept.reason = cause;
  }

  #about(event: MachineDraining | MachineKilled | MachineEnded, what: Decision["what"], reason: Decision["reason"]): void {
    this.#keep(event.app ?? this.#starts.get(event.machine)?.app ?? NO_APP, decision(event, what, reason));
  }

  #keep(app: string, kept: Kept): void {
    const all = this.#apps.get(app) ?? [];
    this.#apps.set(app, all);
    all.push(kept);
    this.#count++;
    if (all.length > MOST_OF_AN_APP) this.#drop(app, all, 1);
    if (this.#count > MOST_OF_ALL) for (const [name, some] of this.#apps) this.#drop(name, some, Math.ceil(some.length / 2));
  }

  #drop(app: string, kept: Kept[], oldest: number): void {
    kept.splice(0, oldest);
    this.#count -= oldest;
    if (kept.length === 0) this.#apps.delete(app);
  }
}

function decision({ at, machine, ageMs, invocations }: EventOfMachine, what: Decision["what"], reason: Decision["reason"]): Kept {
  return { at, machine, what, reason, ageMs, invocations };
}

function inWords(kept: Kept): Decision {
  return { ...kept, why: clauseOfReason(kept.reason) };
}
