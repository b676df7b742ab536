/** Timers of machines, apps and the policy, with one wake for the earliest of them. */
import type { PolicyCommand } from "../../src/policy/policy.ts";
import type { ClassicApp, ClassicMachine, ClassicState } from "./classic-state.ts";
import { addTimer, earliest } from "../../src/policy/core/timers.ts";
import { killMachine } from "./machines.ts";

/** Has an idle machine killed in `ms`, unless it gets work before; 0: now; Infinity: never. */
export function keepFor(state: ClassicState, machine: ClassicMachine, ms: number, now: number, commands: PolicyCommand[]): void {
  if (ms <= 0) return killMachine(state, machine, { kind: "idle-fixed", ms: 0 }, commands);
  machine.expiresAt = now + ms;
  if (machine.timerAt > machine.expiresAt) setMachineTimer(state, machine, machine.expiresAt);
}

/**
 * A machine that had work since then keeps its old entry, and is looked at again when that is due. So each machine has one entry, however often it falls idle.
 */
export function expire(state: ClassicState, machine: ClassicMachine, at: number, commands: PolicyCommand[]): void {
  if (machine.timerAt !== at) return;
  machine.timerAt = Infinity;
  if (machine.expiresAt <= at) killMachine(state, machine, { kind: "idle-fixed", ms: at - machine.idleSince }, commands);
  else if (machine.expiresAt < Infinity) setMachineTimer(state, machine, machine.expiresAt);
}

export function setAppTimer(state: ClassicState, app: ClassicApp, at: number): void {
  app.timerAt = at;
  addTimer(state.timers, at, -app.number);
}

/** Sets the policy's own timer. */
export function setTimer(state: ClassicState, at: number): void {
  state.timerAt = at;
  addTimer(state.timers, at, 0);
}

export function scheduleWake(state: ClassicState, commands: PolicyCommand[]): void {
  const at = earliest(state.timers);
  if (at === Infinity || at >= state.wakeAt) return;
  state.wakeAt = at;
  commands.push({ type: "wake", at });
}

function setMachineTimer(state: ClassicState, machine: ClassicMachine, at: number): void {
  machine.timerAt = at;
  addTimer(state.timers, at, machine.id);
}
