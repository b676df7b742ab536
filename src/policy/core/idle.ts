/**
 * What becomes of machines with nothing in flight: kept as long as that is expected to pay, then killed at once; and an app
 * without a machine gets one shortly before it is expected to be called.
 */
import { MOST_LOST } from "../constants.ts";
import type { PolicyCommand } from "../policy.ts";
import { recordIdleTime } from "../rules/idle-times.ts";
import { rulesOf } from "../rules/rules-of.ts";
import { noteCpu } from "./host-limits.ts";
import { killMachine } from "./machines.ts";
import type { AppState, MachineEntry, PackingState } from "./packing-state.ts";
import { noteWanting } from "./spares.ts";
import { addTimer, NEVER } from "./timers.ts";

/** Tells the time since the app, or one machine of it, was last at work, now that it is needed again. */
export function noteIdleEnd(app: AppState, machine: MachineEntry | undefined, now: number): void {
  if (app.idleSince >= 0) {
    if (app.busySince >= 0) {
      recordIdleTime(app.idleTimes, now - app.idleSince);
      recordIdleTime(app.periods, now - app.busySince);
    }
    app.busySince = now;
    app.idleSince = -1;
    app.startAt = NEVER;
    app.startedUntil = 0;
  } else if (machine !== undefined && machine.idleSince >= 0) recordIdleTime(app.extraTimes, now - machine.idleSince);
}

/** A bound machine has nothing in flight from now on. */
export function becomeIdle(state: PackingState, app: AppState, machine: MachineEntry, now: number, commands: PolicyCommand[]): void {
  machine.idleSince = now;
  if (machine.cpu > 0) noteCpu(state, machine, 0);
  lookAtIdle(state, app, machine, now, commands);
}

/** Kills it if its time is up, or sees to it that it is looked at again. */
export function lookAtIdle(state: PackingState, app: AppState, machine: MachineEntry, now: number, commands: PolicyCommand[]): void {
  // Nothing but another event changes that a machine of the app's minimum is kept.
  if (app.bound + app.binding <= app.limits.minMachines) return;
  const due = rulesOf(state).idleUntil(state, app, machine, now);
  if (due <= now) killIdle(state, app, machine, now, commands);
  else if (machine.timerAt < 0 || machine.timerAt > due) {
    machine.timerAt = due;
    addTimer(state.timers, due, machine.id);
  }
}

/** Its app is expected to be called. */
export function lookAtApp(state: PackingState, app: AppState, now: number): void {
  if (app.idleSince >= 0 && now < app.startedUntil) noteWanting(state, app, now);
}

function killIdle(state: PackingState, app: AppState, machine: MachineEntry, now: number, commands: PolicyCommand[]): void {
  const last = app.bound + app.binding === 1 && app.idleSince >= 0;
  if (last) app.forecast = 0;
  else if (app.lost.length < MOST_LOST) app.lost.push(machine.idleSince);
  killMachine(state, machine, rulesOf(state).whyIdleKilled(state, app, machine, last, now), commands);
}
