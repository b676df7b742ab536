/** Machines that an app is to have though nobody waits: its minimum, those that its forecast asks for, those for a call that is expected. */
import { refreshForecast } from "../rules/forecast.ts";
import type { AppState, PackingState } from "./packing-state.ts";

/** Machines that the app should keep, by all but what waits now. */
export function wantedMachines(app: AppState, now: number): number {
  return Math.max(plannedMachines(app, now), app.forecast);
}

/**
 * Machines to start for the app though nobody waits. While the app is idle, its forecast keeps machines but starts none: the idle plan has
 * decided whether a machine is held until the next call, and what it let go would be started again at once.
 */
export function spareNeed(app: AppState, now: number): number {
  if (now < app.failures.until) return 0;
  const wanted = app.idleSince >= 0 ? plannedMachines(app, now) : wantedMachines(app, now);
  return Math.min(wanted, app.limits.maxMachines) - app.bound - app.binding;
}

/** Machines that may be started for the app between now and `until`: for what waits, if the slots that there are don't serve it, or ahead of need. */
export function startsPlanned(state: PackingState, app: AppState, now: number, until: number): number {
  if (app.waiting > 0) return Math.ceil(app.waiting / app.slots);
  if (app.startAt <= now || app.startAt > until) return Math.max(0, spareNeed(app, now));
  // What the first calls took last time is in `onset` once their window is closed.
  refreshForecast(state, app, now);
  const { onset, peak, fresh } = app.demand;
  const machines = machinesForCall(app, fresh ? Math.max(onset, peak) : onset);
  return Math.max(0, Math.min(machines, app.limits.maxMachines) - app.bound - app.binding);
}

/** The app's minimum, and what the idle plan has ready for a call that it expects. */
function plannedMachines(app: AppState, now: number): number {
  const called = now >= app.startAt && now < app.startedUntil ? machinesForCall(app, app.demand.onset) : 0;
  return Math.max(app.limits.minMachines, called);
}

/** As many as the first calls after an idle time took so far. */
function machinesForCall({ slots }: AppState, onset: number): number {
  return Math.max(1, Math.ceil(onset / slots));
}
