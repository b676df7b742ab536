/** Machines that a revision is to have though no call waits: for its minimum, for its forecast, and for a call that is expected. */
import { refreshForecast } from "../rules/forecast.ts";
import { isPausing, type Pool } from "./blanks.ts";
import type { AppState, PackingState, RevisionState } from "./packing-state.ts";
import { tenantRoom } from "./tenants.ts";

/** Number of machines that the revision should keep, apart from what waiting calls need. */
export function wantedMachines(revision: RevisionState, now: number): number {
  return Math.max(plannedMachines(revision, now), revision.forecast);
}

/**
 * Number of machines to start for the revision though no call waits. While the revision is idle, its forecast keeps machines but starts none: the idle plan
 * decides whether a machine is held until the next call, and a machine that the plan had killed would be started again at once.
 */
export function spareNeed(revision: RevisionState, now: number): number {
  if (isPausing(revision.failures, now)) return 0;
  const wanted = revision.idleSince >= 0 ? plannedMachines(revision, now) : wantedMachines(revision, now);
  return Math.min(wanted - revision.bound - revision.binding, machinesAllowed(revision));
}

/** Number of machines that may be started for the revision between now and `until`: for waiting calls, if the present slots do not serve them, or ahead of need. */
export function startsPlanned(state: PackingState, revision: RevisionState, now: number, until: number): number {
  if (revision.waiting > 0) return Math.ceil(revision.waiting / revision.slots);
  const { preStart } = revision;
  if (preStart === null || preStart.at <= now || preStart.at > until) return Math.max(0, spareNeed(revision, now));
  // The refreshed forecast has closed the window of the first calls, so that `onset` has their number.
  refreshForecast(state, revision, now);
  const { onset, peak, fresh } = revision.demand;
  const machines = machinesForCall(revision, fresh ? Math.max(onset, peak) : onset);
  return Math.max(0, Math.min(machines - revision.bound - revision.binding, machinesAllowed(revision)));
}

/** Number of machines of the revision's minimum, or for a call that the idle plan expects. */
function plannedMachines(revision: RevisionState, now: number): number {
  const { preStart } = revision;
  const called = preStart !== null && now >= preStart.at && now < preStart.until ? machinesForCall(revision, revision.demand.onset) : 0;
  return Math.max(minimumOf(revision), called);
}

/** Number of machines that the first calls after an idle time needed so far. */
function machinesForCall({ slots }: RevisionState, onset: number): number {
  return Math.max(1, Math.ceil(onset / slots));
}

/**
 * Number of machines that the revision is to have for the app's minimum, or because they are reserved for it. The newest revision has the app's minimum, less the
 * machines of the app's other revisions that do not stand aside.
 */
export function minimumOf({ id, app, limits, bound, binding }: RevisionState): number {
  const { minMachines, reserved = 0 } = limits;
  if (minMachines === 0 || app.revisions.at(-1) !== id) return reserved;
  return Math.max(reserved, minMachines - (app.machines - app.aside - bound - binding));
}

/** Whether every machine of the revision is kept, because it has no more than are reserved for it, or the app no more than its minimum. */
export function isKept({ app, limits, bound, binding }: RevisionState): boolean {
  const { minMachines, reserved = 0, aside = false } = limits;
  return bound + binding <= reserved || (!aside && app.machines - app.aside <= minMachines);
}

/** Number of further machines that the revision may have by its app's limits, and by what its tenant may have. */
export function machinesAllowed(revision: RevisionState): number {
  return Math.min(allowedByApp(revision), tenantRoom(revision.app, revision.limits.kind));
}

/**
 * `maxMachines` counts over all revisions of the app. But a revision beside others may always have one machine, because their machines never serve its calls. This is not
 * so for revisions that serve one key each: callers choose how many of these there are.
 */
export function allowedByApp({ app, limits, bound, binding }: RevisionState): number {
  const allowed = limits.maxMachines - app.machines;
  if (limits.apart !== undefined) return Math.min(allowed, limits.apart.machines - bound - binding);
  return bound + binding === 0 && app.revisions.length > 1 ? Math.max(1, allowed) : allowed;
}

/** Number of blanks that the revisions of an app may take: those that are not reserved for other apps. */
export function blanksFor(pool: Pool, { reservation }: AppState): number {
  const own = reservation !== null && reservation.kind.key === pool.kind.key ? reservation.blanks : 0;
  return pool.ready.length - Math.max(0, pool.reserved - own);
}
