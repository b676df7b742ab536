/**
 * Whose report is due when. As in the guest's agent: the first work makes a machine watch itself; it reports every second, and once more
 * after its last work. The delay being the same for all, a queue is in order.
 */
import { beginWatching, REPORT_MS, type SimulatedMachine } from "./simulated-machine.ts";

export class Reports {
  #queue: SimulatedMachine[] = [];
  /** When each of them is due: beside them, as this is looked at all the time. */
  #times: number[] = [];
  #head = 0;

  /** ms; Infinity where none is due. */
  get nextAt(): number {
    return this.#head === this.#times.length ? Infinity : (this.#times[this.#head] as number);
  }

  /** It has work. */
  watch(machine: SimulatedMachine, now: number): void {
    if (machine.watched) return;
    beginWatching(machine, now);
    this.#add(machine, now);
  }

  /** The one that is due next, no longer due. */
  take(): SimulatedMachine {
    const machine = this.#queue[this.#head++] as SimulatedMachine;
    if (this.#head > 1_024 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#times = this.#times.slice(this.#head);
      this.#head = 0;
    }
    machine.watched = false;
    return machine;
  }

  /** It has reported. */
  goOn(machine: SimulatedMachine, now: number): void {
    if (machine.inFlight > 0) this.#add(machine, now);
  }

  #add(machine: SimulatedMachine, now: number): void {
    machine.watched = true;
    this.#queue.push(machine);
    this.#times.push(now + REPORT_MS);
  }
}
