/**
 * The physical limit: a policy that knows every arrival. Nobody waits. Each machine is started exactly one start-up time before it is needed, and
 * is held over a gap only where the memory that this takes costs less than to start again: CPU of start and bind, and the memory held meanwhile.
 *
 * Invocations go, as in ours, to a machine that is already at work: the one that has been for longest, if it has a free slot and the invocation would not be
 * late there by more than a tenth of the time that it takes alone (or 1 ms): its event loop may be busy with what came before. Otherwise the machine is taken that fell idle
 * last. For machines of one slot that is the least cost that there is without waiting: a long and a short gap cost less than two middle ones,
 * since what a gap costs grows ever less with its length. With more slots, a cleverer packing might save a little.
 *
 * A gap is settled when it ends, so that memory does not grow with the run. Limits on the number of machines do not bind the oracle. Not a policy of commands: it
 * counts what would have happened.
 */
import { EventHeap } from "../event-heap.ts";
import type { SimulationOptions } from "../simulate.ts";
import type { Outcome, SimulatedApp, Workload } from "../simulator.ts";
import { OracleTally } from "./oracle-tally.ts";

/** Of what the invocation takes alone. */
const MOST_DELAY = 0.1;
const ALWAYS_ALLOWED_MS = 1;

interface OracleApp {
  app: SimulatedApp;
  /** Those at work for longest first. */
  busy: OracleMachine[];
  /** The one that fell idle last at the end. Whether one is held is not settled until it is needed. */
  idle: OracleMachine[];
}

interface OracleMachine {
  app: OracleApp;
  inFlight: number;
  /** When the CPU needs of all that it was given are met, ms. */
  cpuFreeAt: number;
  busySince: number;
  idleSince: number;
}

export function oracle(workload: Workload, options: SimulationOptions): Outcome {
  const tally = new OracleTally(options);
  const apps = workload.apps.map((app): OracleApp => ({ app, busy: [], idle: [] }));
  const ends = new MachineEnds(tally);
  while (workload.next()) {
    ends.upTo(workload.at);
    const { at, durationMs } = workload;
    const machine = choose(apps[workload.app] as OracleApp, at, durationMs, tally);
    const cpuMs = workload.cpuMs / options.machine.speed;
    machine.cpuFreeAt = Math.max(at, machine.cpuFreeAt) + cpuMs;
    machine.inFlight++;
    const endAt = machine.cpuFreeAt + durationMs - workload.cpuMs;
    tally.served(endAt - at - durationMs);
    ends.add(endAt, machine);
  }
  ends.upTo(Infinity);
  return tally.outcome(workload);
}

function choose(app: OracleApp, now: number, durationMs: number, tally: OracleTally): OracleMachine {
  const latest = now + Math.max(ALWAYS_ALLOWED_MS, MOST_DELAY * durationMs);
  for (const machine of app.busy) if (machine.inFlight < app.app.limits.concurrency && machine.cpuFreeAt <= latest) return machine;
  const machine = app.idle.pop();
  if (machine === undefined) tally.started();
  else tally.bridged(now - machine.idleSince, app.app.memoryMb);
  return putToWork(app, machine ?? { app, inFlight: 0, cpuFreeAt: now, busySince: now, idleSince: now }, now, tally);
}

function putToWork(app: OracleApp, machine: OracleMachine, now: number, tally: OracleTally): OracleMachine {
  machine.busySince = now;
  app.busy.push(machine);
  tally.busy(1);
  return machine;
}

/** When each invocation ends, soonest first. */
class MachineEnds {
  readonly #ends = new EventHeap();
  readonly #places: OracleMachine[] = [];
  readonly #free: number[] = [];
  readonly #tally: OracleTally;

  constructor(tally: OracleTally) {
    this.#tally = tally;
  }

  add(at: number, machine: OracleMachine): void {
    const place = this.#free.pop() ?? this.#places.length;
    this.#places[place] = machine;
    this.#ends.add(at, 0, place);
  }

  upTo(now: number): void {
    while (this.#ends.size > 0 && this.#ends.nextAt <= now) {
      const at = this.#ends.nextAt;
      const place = this.#ends.nextPlace;
      this.#ends.removeNext();
      this.#free.push(place);
      this.#end(this.#places[place] as OracleMachine, at);
    }
  }

  #end(machine: OracleMachine, now: number): void {
    this.#tally.endAt = now;
    if (--machine.inFlight > 0) return;
    const { busy, idle, app } = machine.app;
    busy.splice(busy.indexOf(machine), 1);
    idle.push(machine);
    machine.idleSince = now;
    this.#tally.worked(now - machine.busySince, app.memoryMb);
  }
}
