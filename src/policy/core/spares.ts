/** Machines that a revision lacks: for calls that wait, and ahead of need. */
import { SPARED } from "../constants.ts";
import { expected, margin } from "../rules/demand.ts";
import type { RevisionState, PackingState } from "./packing-state.ts";
import type { NeedReason } from "../reasons.ts";
import { addTimer } from "./timers.ts";
import { isPausing } from "./blanks.ts";
import { isKnown } from "./known.ts";
import { windowMs } from "./costs.ts";
import { hostIsBusy } from "./host-limits.ts";
import { worthOfSpare } from "../rules/forecast.ts";
import { rulesOf } from "../rules/rules-of.ts";
import { tenantStarts } from "./tenants.ts";
import { machinesAllowed, minimumOf, spareNeed } from "./wanted.ts";

/**
 * Number of machines that serve the waiting calls within about one window. If invocations are short, the present slots serve many of the calls meanwhile,
 * one after the other: machines started for these would come too late.
 */
export function machinesForWaiting(state: PackingState, revision: RevisionState, now: number): number {
  const part = rulesOf(state).partAtOnce(state, revision, now);
  const atOnce = revision.waiting * part;
  return part < 1 && atOnce <= SPARED * revision.bound * revision.slots ? 0 : Math.ceil(atOnce / revision.slots);
}

/** Number of machines that a revision with waiting invocations lacks, for these and for what is forecast. While any waits, no slot is free. */
export function need(state: PackingState, revision: RevisionState, now: number): number {
  if (revision.waiting === 0 || isPausing(revision.failures, now)) return 0;
  if (revision.bound + revision.binding > 0 && hostIsBusy(state) && now - revision.servedAt <= windowMs(state)) return 0;
  const allowed = Math.min(machinesAllowed(revision), tenantStarts(revision.app, now));
  const wanted = Math.max(
    machinesForWaiting(state, revision, now) - revision.binding,
    revision.forecast - revision.bound - revision.binding,
  );
  return Math.max(0, Math.min(wanted, allowed));
}

/** Sets how many waiting calls the present slots will serve, and a timer to look at the revision again if they do not. */
export function noteQueue(state: PackingState, revision: RevisionState, now: number): void {
  const { demand, waiting } = revision;
  if (waiting === 0) {
    demand.soonServed = 0;
    return;
  }
  const part = rulesOf(state).partAtOnce(state, revision, now);
  if (part < 1 && demand.soonServed === 0) addTimer(state.timers, revision.servedAt + windowMs(state) + 1, -revision.number);
  demand.soonServed = waiting * (1 - part);
}

/** Has the next plan look at the revision if it lacks machines. Returns whether it does. */
export function noteWanting(state: PackingState, revision: RevisionState, now: number): boolean {
  if (spareNeed(revision, now) <= 0) return false;
  if (!revision.wanting) state.wanting.push(revision.id);
  revision.wanting = true;
  return true;
}

export function whySpare(state: PackingState, revision: RevisionState, now: number): NeedReason {
  const { load, level, trend, variance } = revision.demand;
  const machines = revision.bound + revision.binding;
  const { minMachines, reserved = 0 } = revision.limits;
  if (machines < reserved) return { kind: "reserved", machines: reserved };
  if (machines < minimumOf(revision)) return { kind: "minimum", machines: minMachines };
  const { preStart } = revision;
  if (machines >= revision.forecast && preStart !== null && now >= preStart.at)
    return { kind: isKnown(revision) ? "call-known" : "call-expected", withinMs: preStart.until - now };
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
