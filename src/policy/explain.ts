/** What the policy knows of a revision now, as a record with the numbers that decide. `src/dispatch/sentences.ts` makes sentences of it. */
import { machinesOf, type RevisionState, type MachineEntry, type PackingState } from "./core/packing-state.ts";
import { isKept } from "./core/wanted.ts";
import type { MachineFacts } from "./machine-facts.ts";
import type { MachineId } from "./policy.ts";
import type { LearnedFacts } from "./rules/learned-facts.ts";
import { rulesOf } from "./rules/rules-of.ts";

export type { LearnedFacts } from "./rules/learned-facts.ts";

/** Times are ms, memory is GB, costs are GB-seconds. */
export interface AppFacts<Machine = MachineId> {
  inFlight: number;
  waiting: number;
  /** Numbers of machines that take its work, and of machines that are being bound. */
  bound: number;
  binding: number;
  /** Slots of each of its machines; `ceiling` is the manifest's `concurrency`. */
  slots: number;
  ceiling: number;
  minMachines: number;
  /** The number of machines that the revision has at least because an alias reserves them. */
  reserved: number;
  /** What was learned of the revision; null: nothing is learned, because the setting `idleMs` is set. */
  learned: LearnedFacts | null;
  machines: ExplainedMachine<Machine>[];
}

/** A machine that is binding, bound or draining. */
export interface ExplainedMachine<Machine = MachineId> extends Pick<MachineFacts, "phase" | "inFlight"> {
  machine: Machine;
  /** ms since its phase began. */
  phaseMs: number;
  /** ms for which the machine is idle; null: it has work. */
  idleMs: number | null;
  /** Whether the machine is kept for the app's `minMachines`, or because it is reserved. */
  keptForMinimum: boolean;
  /** ms until the policy decides again whether the machine is kept; null: no time is set. */
  nextLookMs: number | null;
  /** ms for which the machine is still kept if nobody calls, whatever is decided until then; null: it has work, or that is not known. */
  keptMs: number | null;
}

/** Explains a revision. Returns undefined if there is no such revision. Changes nothing. */
export function explainApp(state: PackingState, name: string, now: number): AppFacts | undefined {
  const revision = state.revisions.get(name);
  if (revision === undefined) return undefined;
  const { demand, waiting, bound, binding, slots, limits } = revision;
  const learned = rulesOf(state).facts(state, revision, now);
  return {
    inFlight: demand.load - waiting,
    waiting,
    bound,
    binding,
    slots,
    ceiling: limits.concurrency,
    minMachines: limits.minMachines,
    reserved: limits.reserved ?? 0,
    learned,
    machines: machinesOf(state, revision).map((machine) => factsOf(revision, machine, learned, now)),
  };
}

/** Slots of each machine of the revision; 0: there is no such revision. */
export function slotsOf(state: PackingState, name: string): number {
  return state.revisions.get(name)?.slots ?? 0;
}

function factsOf(revision: RevisionState, machine: MachineEntry, learned: LearnedFacts | null, now: number): ExplainedMachine {
  const { id, phase, inFlight, idleSince, since, keptUntil } = machine;
  const nextLookMs = idleSince >= 0 && keptUntil > now ? keptUntil - now : null;
  return {
    machine: id,
    phase,
    inFlight,
    phaseMs: now - since,
    idleMs: idleSince < 0 ? null : now - idleSince,
    keptForMinimum: isKept(revision),
    nextLookMs,
    keptMs: learned === null ? nextLookMs : keptMs(revision, machine, learned, now),
  };
}

/** The rules' own calculation of how long a revision's last machine is held. What becomes of a machine beside others depends on them. */
function keptMs(revision: RevisionState, { phase, idleSince }: MachineEntry, { idle }: LearnedFacts, now: number): number | null {
  const isLast = phase === "bound" && idleSince >= 0 && revision.idleSince >= 0 && revision.bound + revision.binding === 1;
  return isLast && idle.holdMs !== null ? Math.max(0, revision.idleSince + idle.holdMs - now) : null;
}
