/** Machines for a revision beyond those that have a slot free: for calls that wait, and ahead of need. */
import { SPARED } from "../constants.ts";
import { expected, margin } from "../rules/demand.ts";
import type { RevisionState, PackingState } from "./packing-state.ts";
import type { NeedReason } from "../reasons.ts";
import { addTimer } from "./timers.ts";
import { windowMs } from "./costs.ts";
import { worthOfSpare } from "../rules/forecast.ts";
import { rulesOf } from "../rules/rules-of.ts";
import { minimumOf, spareNeed } from "./wanted.ts";

/**
 * Machines that serve what waits within about one start-up time. Where invocations are short, the slots that there are
 * serve many one after the other meanwhile: a start for each of these would come too late to be of use.
 */
export function machinesForWaiting(state: PackingState, revision: RevisionState, now: number): number {
  const part = rulesOf(state).partAtOnce(state, revision, now);
  const atOnce = revision.waiting * part;
  return part < 1 && atOnce <= SPARED * revision.bound * revision.slots ? 0 : Math.ceil(atOnce / revision.slots);
}

/** Tells the revision's demand how many of those that wait are served in turn, and has it looked at again should that not happen. */
export function noteQueue(state: PackingState, revision: RevisionState, now: number): void {
  const { demand, waiting } = revision;
  if (waiting === 0) {
    demand.inTurn = 0;
    return;
  }
  const part = rulesOf(state).partAtOnce(state, revision, now);
  if (part < 1 && demand.inTurn === 0) addTimer(state.timers, revision.servedAt + windowMs(state) + 1, -revision.number);
  demand.inTurn = waiting * (1 - part);
}

/** Has the revision looked at by the next plan, where it lacks machines. Returns whether it does. */
export function noteWanting(state: PackingState, revision: RevisionState, now: number): boolean {
  if (spareNeed(revision, now) <= 0) return false;
  if (!revision.wanting) state.wanting.push(revision.id);
  revision.wanting = true;
  return true;
}

export function whySpare(state: PackingState, revision: RevisionState, now: number): NeedReason {
  const { load, level, trend, variance } = revision.demand;
  const machines = revision.bound + revision.binding;
  if (machines < minimumOf(revision)) return { kind: "minimum", machines: revision.limits.minMachines };
  if (machines >= revision.forecast && now >= revision.startAt) return { kind: "call-expected", withinMs: revision.startedUntil - now };
  return {
    kind: "forecast",
    inFlight: load,
    slots: expected(revision.demand) + margin(revision.demand, worthOfSpare(state, revision)),
    has: machines * revision.slots,
    aheadMs: windowMs(state),
    level,
    trend,
    deviation: Math.sqrt(variance),
  };
}
