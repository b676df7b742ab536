/** The machines as the stream tells of them. Pure: what changes makes a new map. */
import type { LiveMachine, MachineChanges } from "./replies.ts";

export type Machines = ReadonlyMap<string, LiveMachine>;

export function changed(machines: Machines, { whole, changed: some, gone }: MachineChanges): Machines {
  const now = new Map(whole ? [] : machines);
  for (const machine of some) now.set(machine.id, machine);
  for (const id of gone) now.delete(id);
  return now;
}
