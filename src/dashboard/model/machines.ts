/** The machines as the stream tells of them. Pure: what changes makes a new map. */
import type { LiveMachine, MachineChanges } from "./replies.ts";

export type Machines = ReadonlyMap<string, LiveMachine>;

type Changes = Omit<MachineChanges, "moved"> & Partial<Pick<MachineChanges, "moved">>;

export function changed(machines: Machines, { whole, changed: some, moved = [], gone }: Changes): Machines {
  const now = new Map(whole ? [] : machines);
  for (const machine of some) now.set(machine.id, machine);
  for (const change of moved) {
    const before = now.get(change.id);
    if (before !== undefined) now.set(change.id, { ...before, ...change });
  }
  for (const id of gone) now.delete(id);
  return now;
}
