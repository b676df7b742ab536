import type { PackingState } from "./core/packing-state.ts";

/**
 * Since when (ms, the clock of `now`) a revision has had no call, if no event but one that names the revision can make the policy command anything for
 * it: it has no machines, none is planned for a call that is expected, and nothing is kept ready for it. Undefined otherwise. Changes nothing.
 */
export function restsSince(state: PackingState, name: string, now: number): number | undefined {
  const revision = state.revisions.get(name);
  if (revision === undefined || revision.machines.length > 0 || revision.waiting > 0 || revision.idleSince < 0) return undefined;
  const { limits, preStart, known, idleSince } = revision;
  const expected = (preStart !== null && preStart.until > now) || (known !== null && known.until > now);
  const { minMachines, reservedBlanks, reserved = 0 } = limits;
  return minMachines + reservedBlanks + reserved === 0 && !expected ? idleSince : undefined;
}
