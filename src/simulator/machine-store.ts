/** The living machines, by the policy's id and by the number of their place, which events name. A place is used again when no event names its machine any more. */
import type { MachineId, OpaqueKind } from "../policy/policy.ts";
import { startMachine, type SimulatedMachine } from "./simulated-machine.ts";

export class MachineStore {
  readonly #byId = new Map<MachineId, SimulatedMachine>();
  readonly #places: SimulatedMachine[] = [];
  readonly #free: number[] = [];

  get size(): number {
    return this.#byId.size;
  }

  /** Living machines, oldest first. */
  all(): Iterable<SimulatedMachine> {
    return this.#byId.values();
  }

  get(id: MachineId): SimulatedMachine | undefined {
    return this.#byId.get(id);
  }

  at(place: number): SimulatedMachine {
    return this.#places[place] as SimulatedMachine;
  }

  add(id: MachineId, kind: OpaqueKind, now: number): SimulatedMachine {
    const place = this.#free.pop() ?? this.#places.length;
    const machine = startMachine(id, place, kind, now);
    this.#places[place] = machine;
    this.#byId.set(id, machine);
    return machine;
  }

  /** Removes a machine that is gone. */
  remove(machine: SimulatedMachine): void {
    machine.gone = true;
    this.#byId.delete(machine.id);
    if (!machine.comingUp) this.#free.push(machine.place);
  }

  /** Called when the event that a machine came up was handled. */
  cameUp(machine: SimulatedMachine): void {
    machine.comingUp = false;
    if (machine.gone) this.#free.push(machine.place);
  }
}
