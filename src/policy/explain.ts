/** What the policy makes of an app now, as a record with the numbers that it goes by. Sentences are made of it in `src/dispatch/sentences.ts`. */
import { machinesOf, type AppState, type MachineEntry, type PackingState } from "./core/packing-state.ts";
import type { MachineId } from "./policy.ts";
import type { LearnedFacts } from "./rules/learned-facts.ts";
import { rulesOf } from "./rules/rules-of.ts";

export type { LearnedFacts } from "./rules/learned-facts.ts";

/** Times are ms, memory is GB, costs are GB-seconds. */
export interface AppFacts<Machine = MachineId> {
  inFlight: number;
  waiting: number;
  /** Machines that take its work, and machines that are being bound. */
  bound: number;
  binding: number;
  /** Invocations at once on each of its machines; `ceiling` is the manifest's `concurrency`. */
  slots: number;
  ceiling: number;
  minMachines: number;
  /** null: the setting `idleMs` is set, and nothing is learned. */
  learned: LearnedFacts | null;
  machines: MachineFacts<Machine>[];
}

export interface MachineFacts<Machine = MachineId> {
  machine: Machine;
  phase: "binding" | "bound" | "draining";
  inFlight: number;
  /** Since its phase began. */
  phaseMs: number;
  /** null: it has work. */
  idleMs: number | null;
  /** It is kept for the app's `minMachines`. */
  keptForMinimum: boolean;
  /** When the policy next looks whether it is to be kept; null: no time is set. */
  nextLookMs: number | null;
}

/** Undefined where there is no such app. Changes nothing. */
export function explainApp(state: PackingState, name: string, now: number): AppFacts | undefined {
  const app = state.apps.get(name);
  if (app === undefined) return undefined;
  const { demand, waiting, bound, binding, slots, limits } = app;
  return {
    inFlight: demand.load - waiting,
    waiting,
    bound,
    binding,
    slots,
    ceiling: limits.concurrency,
    minMachines: limits.minMachines,
    learned: rulesOf(state).facts(state, app, now),
    machines: machinesOf(state, app).map((machine) => factsOf(app, machine, now)),
  };
}

/** Slots that each machine of the app has now; 0 where there is no such app. */
export function slotsOf(state: PackingState, name: string): number {
  return state.apps.get(name)?.slots ?? 0;
}

function factsOf(app: AppState, machine: MachineEntry, now: number): MachineFacts {
  const { id, phase, inFlight, idleSince, since, timerAt } = machine;
  return {
    machine: id,
    phase: phase as MachineFacts["phase"],
    inFlight,
    phaseMs: now - since,
    idleMs: idleSince < 0 ? null : now - idleSince,
    keptForMinimum: app.bound + app.binding <= app.limits.minMachines,
    nextLookMs: idleSince >= 0 && timerAt > now ? timerAt - now : null,
  };
}
