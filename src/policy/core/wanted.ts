/** Machines that a revision is to have though nobody waits: its minimum, those that its forecast asks for, those for a call that is expected. */
import { refreshForecast } from "../rules/forecast.ts";
import type { Pool } from "./blanks.ts";
import type { AppState, PackingState, RevisionState } from "./packing-state.ts";

/** Machines that the revision should keep, by all but what waits now. */
export function wantedMachines(revision: RevisionState, now: number): number {
  return Math.max(plannedMachines(revision, now), revision.forecast);
}

/**
 * Machines to start for the revision though nobody waits. While the revision is idle, its forecast keeps machines but starts none: the idle plan has
 * decided whether a machine is held until the next call, and what it let go would be started again at once.
 */
export function spareNeed(revision: RevisionState, now: number): number {
  if (now < revision.failures.until) return 0;
  const wanted = revision.idleSince >= 0 ? plannedMachines(revision, now) : wantedMachines(revision, now);
  return Math.min(wanted - revision.bound - revision.binding, machinesAllowed(revision));
}

/** Machines that may be started for the revision between now and `until`: for what waits, if the slots that there are don't serve it, or ahead of need. */
export function startsPlanned(state: PackingState, revision: RevisionState, now: number, until: number): number {
  if (revision.waiting > 0) return Math.ceil(revision.waiting / revision.slots);
  if (revision.startAt <= now || revision.startAt > until) return Math.max(0, spareNeed(revision, now));
  // What the first calls took last time is in `onset` once their window is closed.
  refreshForecast(state, revision, now);
  const { onset, peak, fresh } = revision.demand;
  const machines = machinesForCall(revision, fresh ? Math.max(onset, peak) : onset);
  return Math.max(0, Math.min(machines - revision.bound - revision.binding, machinesAllowed(revision)));
}

/** The revision's minimum, and what the idle plan has ready for a call that it expects. */
function plannedMachines(revision: RevisionState, now: number): number {
  const called = now >= revision.startAt && now < revision.startedUntil ? machinesForCall(revision, revision.demand.onset) : 0;
  return Math.max(minimumOf(revision), called);
}

/** As many as the first calls after an idle time took so far. */
function machinesForCall({ slots }: RevisionState, onset: number): number {
  return Math.max(1, Math.ceil(onset / slots));
}

/** The app's minimum is kept by its newest revision, as far as its other revisions have no machines. */
export function minimumOf({ id, app, limits, bound, binding }: RevisionState): number {
  if (limits.minMachines === 0 || app.revisions.at(-1) !== id) return 0;
  return limits.minMachines - (app.machines - bound - binding);
}

/**
 * Machines that the revision may have in addition. `maxMachines` is the app's: it counts over all its revisions. But a revision beside
 * others may always have one machine, as its calls could never be served by theirs.
 */
export function machinesAllowed({ app, limits, bound, binding }: RevisionState): number {
  const allowed = limits.maxMachines - app.machines;
  return bound + binding === 0 && app.revisions.length > 1 ? Math.max(1, allowed) : allowed;
}

/** Blanks that an app's revisions may take: not those that are reserved for other apps. */
export function blanksFor(pool: Pool, { reservation }: AppState): number {
  const own = reservation !== null && reservation.kind.key === pool.kind.key ? reservation.blanks : 0;
  return pool.ready.length - Math.max(0, pool.reserved - own);
}
