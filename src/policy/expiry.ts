/** Killing what is idle, exactly when its time is up: one wake at a time, for the earliest thing that time alone brings about. */
import type { PolicyCommand } from "./policy.ts";
import { everyMachine, type MachineEntry, type PackingState } from "./packing-state.ts";
import { killMachine, sameSize } from "./machines.ts";
import { quietUntil } from "./plan.ts";

export function expire(state: PackingState, now: number, commands: PolicyCommand[]): void {
  const idleMs = state.options.idleMs ?? 60_000;
  const idle = everyMachine(state).filter((machine) => machine.idleSince >= 0 && machine.idleSince + idleMs <= now);
  let surplus = surplusBlanks(state);
  for (const machine of idle) {
    if (machine.phase === "blank" && sameSize(machine, state.options) && surplus-- <= 0) continue;
    killMachine(state, machine, `idle for ${idleMs} ms`, commands);
  }
}

/** Asks for a tick, where the one asked for is not early enough. */
export function scheduleWake(state: PackingState, now: number, commands: PolicyCommand[]): void {
  const at = nextChange(state, now);
  if (at === Infinity || (state.wakeAt >= 0 && state.wakeAt <= at)) return;
  state.wakeAt = at;
  commands.push({ type: "wake", at });
}

function nextChange(state: PackingState, now: number): number {
  let at = Infinity;
  for (const until of [state.failures.until, quietUntil(state)]) if (until > now) at = Math.min(at, until);
  for (const name of state.hungry) {
    const until = state.apps[name]?.failures.until ?? -1;
    if (until > now) at = Math.min(at, until);
  }
  const surplus = surplusBlanks(state) > 0;
  for (const machine of everyMachine(state)) at = Math.min(at, expiryOf(state, machine, surplus));
  return at;
}

/** Blanks that are kept ready do not expire. */
function expiryOf({ options }: PackingState, machine: MachineEntry, surplus: boolean): number {
  if (machine.idleSince < 0) return Infinity;
  if (machine.phase === "blank" && sameSize(machine, options) && !surplus) return Infinity;
  return machine.idleSince + (options.idleMs ?? 60_000);
}

/** Blanks of the default size beyond those to be kept. */
function surplusBlanks({ blanks, machines, options }: PackingState): number {
  return blanks.filter((id) => sameSize(machines[id] as MachineEntry, options)).length - options.blanks;
}
