/**
 * The limit of what is possible: a policy that knows every arrival. Nobody waits, and no call is delayed by others on the same machine. Each machine is started
 * exactly one start-up time before it is needed. It is held over a gap only if the memory for that costs less than another start: the CPU of start and bind,
 * and the memory that is held meanwhile.
 *
 * If machines at work have a free slot and an event loop with nothing to do, an invocation goes to the one of them whose work it prolongs least. Otherwise it
 * goes to the machine that fell idle last. For machines of one slot this has the least cost that is possible without waiting: a long and a short gap cost no
 * more than two middle ones, because the cost of a gap grows more slowly than its length. With more slots, a better packing might save a little. If waiting
 * costs next to nothing, a policy that lets callers wait can cost less.
 *
 * The oracle decides about a gap when the gap ends, so that memory does not grow with the run. It keeps to no limit on the number of machines. It gives no
 * commands: it counts what would have happened.
 */
import { add, createHeap, firstAt, firstPlace, removeFirst } from "../../src/policy/heap.ts";
import type { SimulationOptions } from "../../src/simulator/simulate.ts";
import type { Outcome, SimulatedApp, Workload } from "../../src/simulator/simulator.ts";
import { OracleTally } from "./oracle-tally.ts";

interface OracleApp {
  app: SimulatedApp;
  /** Machines at work; those that are at work for longest come first. */
  busy: OracleMachine[];
  /** Idle machines; the one that fell idle last is at the end. Whether a machine is held is decided when it is needed. */
  idle: OracleMachine[];
}

interface OracleMachine {
  app: OracleApp;
  inFlight: number;
  /** When the machine will have computed all that it was given, ms. */
  cpuFreeAt: number;
  busySince: number;
  /** When the last invocation on the machine ends, ms. */
  busyUntil: number;
}

export function oracle(workload: Workload, options: SimulationOptions): Outcome {
  const tally = new OracleTally(options);
  const apps = workload.apps.map((app): OracleApp => ({ app, busy: [], idle: [] }));
  const ends = new MachineEnds(tally);
  while (workload.next()) {
    const { at, durationMs, cpuMs } = workload;
    ends.upTo(at);
    const machine = choose(apps[workload.app] as OracleApp, at, at + durationMs, tally);
    const cpuTime = cpuMs / options.machine.speed;
    const endAt = at + durationMs - cpuMs + cpuTime;
    machine.inFlight++;
    machine.cpuFreeAt = at + cpuTime;
    machine.busyUntil = Math.max(machine.busyUntil, endAt);
    tally.served(endAt - at - durationMs);
    ends.add(endAt, machine);
  }
  ends.upTo(Infinity);
  return tally.outcome(workload);
}

function choose(app: OracleApp, now: number, endAt: number, tally: OracleTally): OracleMachine {
  const atWork = leastExtended(app, now, endAt);
  if (atWork !== undefined) return atWork;
  const machine = app.idle.pop() ?? { app, inFlight: 0, cpuFreeAt: now, busySince: now, busyUntil: -1 };
  if (machine.busyUntil < 0) tally.started();
  else tally.bridged(now - machine.busyUntil, app.app.memoryMb);
  machine.busySince = now;
  app.busy.push(machine);
  tally.busy();
  return machine;
}

/** Takes the first machine if there is no difference, so that the others fall idle sooner. */
function leastExtended({ app, busy }: OracleApp, now: number, endAt: number): OracleMachine | undefined {
  let best: OracleMachine | undefined;
  let least = Infinity;
  for (const machine of busy) {
    if (machine.inFlight >= app.limits.concurrency || machine.cpuFreeAt > now) continue;
    const extension = endAt - machine.busyUntil;
    if (extension <= 0) return machine;
    if (extension >= least) continue;
    least = extension;
    best = machine;
  }
  return best;
}

/** The ends of invocations, soonest first. */
class MachineEnds {
  readonly #ends = createHeap();
  readonly #places: OracleMachine[] = [];
  readonly #free: number[] = [];
  readonly #tally: OracleTally;

  constructor(tally: OracleTally) {
    this.#tally = tally;
  }

  add(at: number, machine: OracleMachine): void {
    const place = this.#free.pop() ?? this.#places.length;
    this.#places[place] = machine;
    add(this.#ends, at, 0, place);
  }

  upTo(now: number): void {
    while (this.#ends.size > 0 && firstAt(this.#ends) <= now) {
      const at = firstAt(this.#ends);
      const place = firstPlace(this.#ends);
      removeFirst(this.#ends);
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
    this.#tally.worked(now - machine.busySince, app.memoryMb);
  }
}
