/** Pauses after starts and binds that failed, and the rejection of calls that wait without hope. */
import { FIRST_PAUSE_MS, HOPELESS, LONGEST_PAUSE_MS } from "../constants.ts";
import type { PolicyCommand } from "../policy.ts";
import { isPausing, type Failures } from "./blanks.ts";
import type { RevisionState, PackingState } from "./packing-state.ts";
import { blanksFor } from "./wanted.ts";
import { changeLoad } from "../rules/demand.ts";
import { poolOf } from "./packing-state.ts";
import { dequeue } from "./waiting.ts";
import { windowMs } from "./costs.ts";

export function noteFailure(failures: Failures, now: number): void {
  if (isPausing(failures, now)) return;
  failures.until = now + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures.rounds);
  failures.rounds++;
}

export function noteSuccess(failures: Failures): void {
  failures.rounds = 0;
  failures.until = null;
}

/** Whether starts or binds keep failing, and the revision has no machine, nor one that is being bound. */
export function isHopeless(state: PackingState, revision: RevisionState, now: number): boolean {
  if (revision.bound + revision.binding > 0) return false;
  if (failing(revision.failures, now)) return true;
  if (revision.limits.snapshot === true) return false;
  const pool = poolOf(state, revision.limits.kind, now);
  return failing(pool.failures, now) && blanksFor(pool, revision.app) <= 0;
}

/** Rejects the calls that wait for a revision without hope. Otherwise they would wait while starts are tried again and again. */
export function rejectHopeless(state: PackingState, now: number, commands: PolicyCommand[]): void {
  for (const name of state.hungry) {
    const revision = state.revisions.get(name);
    if (revision !== undefined && isHopeless(state, revision, now)) rejectWaiting(state, revision, now, commands);
  }
}

function failing(failures: Failures, now: number): boolean {
  return failures.rounds >= HOPELESS && isPausing(failures, now);
}

function rejectWaiting(state: PackingState, revision: RevisionState, now: number, commands: PolicyCommand[]): void {
  revision.demand.soonServed = 0;
  changeLoad(revision.demand, -revision.waiting, now, windowMs(state));
  if (revision.demand.load === 0) revision.idleSince = now;
  for (let invocation = dequeue(state, revision); invocation !== undefined; invocation = dequeue(state, revision))
    commands.push({ type: "reject", invocation, reason: "start-failed" });
}
