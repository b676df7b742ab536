/** Back-off after machines that did not come up, and the end of waiting for those that have nothing left to wait for. */
import { FIRST_PAUSE_MS, HOPELESS, LONGEST_PAUSE_MS } from "../constants.ts";
import type { PolicyCommand } from "../policy.ts";
import type { AppState, Failures, PackingState } from "./packing-state.ts";
import { blanksFor } from "./blanks.ts";
import { changeLoad } from "../rules/demand.ts";
import { poolOf } from "./packing-state.ts";
import { dequeue } from "./waiting.ts";
import { windowMs } from "./costs.ts";

export function noteFailure(failures: Failures, now: number): void {
  if (now < failures.until) return;
  failures.until = now + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures.rounds);
  failures.rounds++;
}

export function noteSuccess(failures: Failures): void {
  failures.rounds = 0;
  failures.until = -1;
}

/** Starts or binds keep failing, and no machine is there or being bound to serve the app. */
export function isHopeless(state: PackingState, app: AppState, now: number): boolean {
  if (app.bound + app.binding > 0) return false;
  if (failing(app.failures, now)) return true;
  const { memoryMb, vcpus } = app.limits;
  return failing(state.failures, now) && blanksFor(poolOf(state, memoryMb, vcpus, now), app.limits) <= 0;
}

/** Rejects what waits for an app without hope, rather than trying again and again while callers wait. */
export function rejectHopeless(state: PackingState, now: number, commands: PolicyCommand[]): void {
  for (const name of state.hungry) {
    const app = state.apps.get(name);
    if (app !== undefined && isHopeless(state, app, now)) rejectWaiting(state, app, now, commands);
  }
}

function failing(failures: Failures, now: number): boolean {
  return failures.rounds >= HOPELESS && now < failures.until;
}

function rejectWaiting(state: PackingState, app: AppState, now: number, commands: PolicyCommand[]): void {
  app.demand.inTurn = 0;
  changeLoad(app.demand, -app.waiting, now, windowMs(state));
  if (app.demand.load === 0) app.idleSince = now;
  for (let invocation = dequeue(state, app); invocation !== undefined; invocation = dequeue(state, app))
    commands.push({ type: "reject", invocation, reason: "start-failed" });
}
