/** What the policy makes of a revision now, as a record with the numbers that it goes by. Sentences are made of it in `src/dispatch/sentences.ts`. */
import { machinesOf, type RevisionState, type MachineEntry, type PackingState } from "./core/packing-state.ts";
import type { MachineFacts } from "./machine-facts.ts";
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
  machines: ExplainedMachine<Machine>[];
}

/** A machine that is binding, bound or draining. */
export interface ExplainedMachine<Machine = MachineId> extends Pick<MachineFacts, "phase" | "inFlight"> {
  machine: Machine;
  /** Since its phase began. */
  phaseMs: number;
  /** null: it has work. */
  idleMs: number | null;
  /** It is kept for the revision's `minMachines`. */
  keptForMinimum: boolean;
  /** When the policy next looks whether it is to be kept; null: no time is set. */
  nextLookMs: number | null;
}

/** Undefined where there is no such revision. Changes nothing. */
export function explainApp(state: PackingState, name: string, now: number): AppFacts | undefined {
  const revision = state.revisions.get(name);
  if (revision === undefined) return undefined;
  const { demand, waiting, bound, binding, slots, limits } = revision;
  return {
    inFlight: demand.load - waiting,
    waiting,
    bound,
    binding,
    slots,
    ceiling: limits.concurrency,
    minMachines: limits.minMachines,
    learned: rulesOf(state).facts(state, revision, now),
    machines: machinesOf(state, revision).map((machine) => factsOf(revision, machine, now)),
  };
}

/** Slots that each machine of the revision has now; 0 where there is no such revision. */
export function slotsOf(state: PackingState, name: string): number {
  return state.revisions.get(name)?.slots ?? 0;
}

function factsOf(revision: RevisionState, machine: MachineEntry, now: number): ExplainedMachine {
  const { id, phase, inFlight, idleSince, since, keptUntil } = machine;
  return {
    machine: id,
    phase,
    inFlight,
    phaseMs: now - since,
    idleMs: idleSince < 0 ? null : now - idleSince,
    keptForMinimum: revision.app.machines <= revision.limits.minMachines,
    nextLookMs: idleSince >= 0 && keptUntil > now ? keptUntil - now : null,
  };
}
