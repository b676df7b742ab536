/**
 * When each machine's report is due. It is as in the guest's agent: a machine begins to watch itself with its first work, reports every second, and once
 * more after its last work. All reports have the same delay, so that a queue keeps them in order.
 */
import { beginWatching, REPORT_MS, type SimulatedMachine } from "./simulated-machine.ts";

export class Reports {
  #queue: SimulatedMachine[] = [];
  /** When the report of each machine is due, ms: an array of its own, because it is read all the time. */
  #times: number[] = [];
  #head = 0;

  /** When the next report is due, ms; Infinity: no report is due. */
  get nextAt(): number {
    return this.#head === this.#times.length ? Infinity : (this.#times[this.#head] as number);
  }

  /** Called when a machine has work. */
  watch(machine: SimulatedMachine, now: number): void {
    if (machine.watched) return;
    beginWatching(machine, now);
    this.#add(machine, now);
  }

  /** Takes out the machine whose report is due next. */
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

  /** Called when a machine has reported. */
  goOn(machine: SimulatedMachine, now: number): void {
    if (machine.inFlight > 0) this.#add(machine, now);
  }

  #add(machine: SimulatedMachine, now: number): void {
    machine.watched = true;
    this.#queue.push(machine);
    this.#times.push(now + REPORT_MS);
  }
}
