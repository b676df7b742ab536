/**
 * What becomes of idle machines: each is kept as long as that is expected to pay, and then killed. And a revision without a machine gets one shortly before a
 * call is expected.
 */
import { MOST_KILLED_KNOWN } from "../constants.ts";
import type { PolicyCommand } from "../policy.ts";
import { recordIdleTime } from "../rules/idle-times.ts";
import { rulesOf } from "../rules/rules-of.ts";
import { noteCpu } from "./host-limits.ts";
import { killMachine } from "./machines.ts";
import type { RevisionState, MachineEntry, PackingState } from "./packing-state.ts";
import { noteWanting } from "./spares.ts";
import { addTimer } from "./timers.ts";
import { isKept } from "./wanted.ts";

/** Records the idle time that ends now, of the revision or of one machine beside others. */
export function noteIdleEnd(revision: RevisionState, machine: MachineEntry | undefined, now: number): void {
  if (revision.idleSince >= 0) {
    if (revision.busySince !== null) {
      recordIdleTime(revision.idleTimes, now - revision.idleSince);
      recordIdleTime(revision.periods, now - revision.busySince);
    }
    revision.busySince = now;
    revision.idleSince = -1;
    revision.preStart = null;
  } else if (machine !== undefined && machine.idleSince >= 0) recordIdleTime(revision.extraTimes, now - machine.idleSince);
}

/** Called when a bound machine has nothing in flight any more. */
export function becomeIdle(
  state: PackingState,
  revision: RevisionState,
  machine: MachineEntry,
  now: number,
  commands: PolicyCommand[],
): void {
  machine.idleSince = now;
  if (machine.cpu > 0) noteCpu(state, machine, 0);
  lookAtIdle(state, revision, machine, now, commands);
}

/** Decides until when an idle machine is kept, and kills it if that is now. */
export function lookAtIdle(
  state: PackingState,
  revision: RevisionState,
  machine: MachineEntry,
  now: number,
  commands: PolicyCommand[],
): void {
  machine.keptUntil = -1;
  // A machine of the minimum is kept until some other event changes that.
  if (isKept(revision)) return;
  const until = rulesOf(state).idleUntil(state, revision, machine, now);
  if (until <= now) return killIdle(state, revision, machine, now, commands);
  machine.keptUntil = until;
  setTimer(state, machine, until);
}

/**
 * The timer of an idle machine is due. It may have been set for an earlier time than the one until which the machine is kept now: then it is set
 * again, so that what was decided last, and is explained, is what is done.
 */
export function lookAtDue(state: PackingState, machine: MachineEntry, now: number, commands: PolicyCommand[]): void {
  if (machine.keptUntil > now) setTimer(state, machine, machine.keptUntil);
  else lookAtIdle(state, state.revisions.get(machine.revision as string) as RevisionState, machine, now, commands);
}

function setTimer(state: PackingState, machine: MachineEntry, at: number): void {
  if (machine.timerAt >= 0 && machine.timerAt <= at) return;
  machine.timerAt = at;
  addTimer(state.timers, at, machine.id);
}

/** Called when the timer of a revision is due: a call of it may be expected. */
export function lookAtRevision(state: PackingState, revision: RevisionState, now: number): void {
  if (revision.idleSince >= 0 && revision.preStart !== null && now < revision.preStart.until) noteWanting(state, revision, now);
}

function killIdle(state: PackingState, revision: RevisionState, machine: MachineEntry, now: number, commands: PolicyCommand[]): void {
  const last = revision.bound + revision.binding === 1 && revision.idleSince >= 0;
  if (last) revision.forecast = 0;
  else if (revision.killedIdleSince.length < MOST_KILLED_KNOWN) revision.killedIdleSince.push(machine.idleSince);
  killMachine(state, machine, rulesOf(state).whyIdleKilled(state, revision, machine, last, now), commands);
}
