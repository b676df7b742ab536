/**
 * The world that a policy under simulation commands.
 *
 * Owns: virtual time, the machines, the invocations that wait, the wake, the machines' reports.
 * 1. Every invocation that arrived is in exactly one place: waiting, on a machine (with its end among the events), rejected, or finished.
 * 2. A command that the live system could not obey, or that would lose work, throws: it is a bug of the policy.
 * 3. What is due at the same time happens in this order: what machines do, arrivals, reports, the tick.
 *
 * Long, because it is one state machine: each command has its check here beside what it does.
 */
import type { MachineId, OpaqueKind, PolicyCommand, PolicyEvent, Step } from "../policy/policy.ts";
import { add, createHeap, firstAt, firstPlace, firstSubject, removeFirst } from "../policy/heap.ts";
import { bindTime, startTime } from "./machine-models.ts";
import { MachineStore } from "./machine-store.ts";
import { Reports } from "./reports.ts";
import type { MachineModel, Outcome, SimulatedApp, SimulatedPolicy, Workload, Worth } from "./simulator.ts";
import { giveCpu, report, type SimulatedMachine } from "./simulated-machine.ts";
import { Tally } from "./tally.ts";

export interface WorldOptions {
  machine: MachineModel;
  worth: Worth;
  /** Limit of the host on living machines: a policy that exceeds it breaks a rule. Absent: no limit. */
  maxMachines?: number;
}

interface Waiting {
  app: number;
  at: number;
  cpuMs: number;
  durationMs: number;
}

/** Subjects of events that are not the end of an invocation: a machine came up, or is gone. */
const UP = -1;
const GONE = -2;
/** Ticks at the same time, at most. A policy that asks for more never comes to rest. */
const MOST_TICKS = 10_000;

export class World {
  now = 0;
  /** Number of invocations that wait or run. */
  unfinished = 0;
  /** Time at which the run ends, as far as is known, ms. */
  endAt: number;
  readonly #workload: Workload;
  readonly #policy: SimulatedPolicy;
  readonly #state: unknown;
  readonly #step: Step<unknown>;
  readonly #options: WorldOptions;
  readonly #apps: readonly SimulatedApp[];
  readonly #events = createHeap();
  readonly #reports = new Reports();
  readonly #tally: Tally;
  readonly #machines = new MachineStore();
  readonly #appIndex: ReadonlyMap<string, number>;
  readonly #waiting = new Map<number, Waiting>();
  /** The invocation that is arriving and is in no place yet; 0: none. */
  #arriving = 0;
  #running = 0;
  #wakeAt = Infinity;
  #ticks = 0;

  constructor(workload: Workload, policy: SimulatedPolicy, options: WorldOptions) {
    const { state, step } = policy.create();
    this.#workload = workload;
    this.#policy = policy;
    this.#state = state;
    this.#step = step as Step<unknown>;
    this.#options = options;
    this.#apps = workload.apps;
    this.#appIndex = new Map(workload.apps.map(({ name }, index) => [name, index]));
    this.#tally = new Tally(options.machine);
    this.endAt = workload.endMs ?? 0;
  }

  /** Sends the events with which the live dispatcher begins: a tick, then the apps. */
  begin(): void {
    this.#tell({ type: "tick" });
    for (const { name, limits } of this.#apps) this.#tell({ type: "revision", revision: name, app: name, limits, inherits: null });
  }

  /** Whether anything is left to be done in the run, apart from arrivals. */
  get goesOn(): boolean {
    return this.unfinished > 0 || this.nextAt <= this.endAt;
  }

  /** Time of the next thing that happens and is no arrival, ms. */
  get nextAt(): number {
    return Math.min(firstAt(this.#events), this.#reports.nextAt, this.#wakeAt);
  }

  /** Whether a machine does what happens at that time: then it comes before an arrival. */
  isForMachines(at: number): boolean {
    return firstAt(this.#events) === at;
  }

  /** Lets the workload's present invocation arrive. */
  arrive(): void {
    const { at, app } = this.#workload;
    if (at < this.now) throw new Error(`${this.#workload.name} goes back in time, from ${this.now} to ${at} ms`);
    this.now = at;
    if (at > this.endAt) this.endAt = at;
    this.unfinished++;
    const invocation = (this.#arriving = ++this.#tally.invocations);
    this.#tell({ type: "arrive", invocation, revision: (this.#apps[app] as SimulatedApp).name });
    if (this.#arriving !== 0) this.#keepWaiting(invocation);
  }

  /** Does what happens next. @param at the value of `nextAt` */
  happen(at: number): void {
    if (at > this.now) {
      this.#ticks = 0;
      this.now = at;
    }
    if (at === firstAt(this.#events)) this.#event();
    else if (at === this.#reports.nextAt) this.#report();
    else this.#tick();
  }

  look() {
    let slots = 0;
    let memoryMb = 0;
    for (const machine of this.#machines.all()) {
      const app = this.#apps[machine.app];
      if (machine.phase === "bound") slots += (app as SimulatedApp).limits.concurrency;
      memoryMb += machine.boundAt <= this.now ? (app as SimulatedApp).memoryMb : this.#options.machine.blankMb;
    }
    return { inFlight: this.#running, waiting: this.#waiting.size, slots, machines: this.#machines.size, memoryMb };
  }

  end(): Outcome {
    this.now = this.endAt;
    for (const machine of this.#machines.all()) this.#leave(machine);
    return this.#tally.outcome(this.#policy, this.#workload, this.#options.worth, this.now);
  }

  #tell(event: PolicyEvent): void {
    const commands = this.#step(this.#state, event, this.now);
    for (let i = 0; i < commands.length; i++) this.#obey(commands[i] as PolicyCommand);
  }

  #event(): void {
    const subject = firstSubject(this.#events);
    const machine = this.#machines.at(firstPlace(this.#events));
    removeFirst(this.#events);
    if (subject > 0) this.#finish(machine, subject);
    else if (subject === GONE) this.#exit(machine);
    else this.#comeUp(machine);
  }

  #finish(machine: SimulatedMachine, invocation: number): void {
    this.#running--;
    this.#unfinish();
    if (--machine.inFlight === 0) machine.idleSince = this.now;
    this.#tell({ type: "finish", invocation });
  }

  #comeUp(machine: SimulatedMachine): void {
    this.#machines.cameUp(machine);
    if (machine.phase === "starting") {
      machine.phase = "blank";
      machine.blankAt = this.now;
      this.#tell({ type: "blank", machine: machine.id });
    } else if (machine.phase === "binding") {
      machine.phase = "bound";
      machine.boundAt = machine.idleSince = this.now;
      this.#tell({ type: "bound", machine: machine.id });
    }
  }

  #exit(machine: SimulatedMachine): void {
    this.#leave(machine);
    this.#tally.exited();
    this.#machines.remove(machine);
    this.#tell({ type: "exit", machine: machine.id, failed: false });
  }

  #leave(machine: SimulatedMachine): void {
    const memoryMb = this.#apps[machine.app]?.memoryMb ?? 0;
    if (machine.inFlight === 0 && machine.boundAt <= this.now) this.#tally.idle(machine, memoryMb, this.now);
    this.#tally.lived(machine, memoryMb, this.now);
  }

  #report(): void {
    const machine = this.#reports.take();
    if (machine.phase !== "bound" && machine.phase !== "draining") return;
    const stats = report(machine, (this.#apps[machine.app] as SimulatedApp).memoryMb, this.now);
    this.#reports.goOn(machine, this.now);
    this.#tell({ type: "stats", machine: machine.id, stats });
  }

  #tick(): void {
    if (++this.#ticks > MOST_TICKS) this.#broken(`asks for a tick at ${this.now} ms again and again`);
    this.#wakeAt = Infinity;
    this.#tell({ type: "tick" });
  }

  #obey(command: PolicyCommand): void {
    switch (command.type) {
      case "assign":
        return this.#assign(command.invocation, this.#machine(command.machine));
      case "reject":
        return this.#reject(command.invocation);
      case "start":
        return this.#start(command.machine, command.kind);
      case "hasten":
        return this.#hasten(this.#machine(command.machine));
      case "bind":
        return this.#bind(this.#machine(command.machine), command.revision);
      case "drain":
        return this.#drain(this.#machine(command.machine));
      case "kill":
        return this.#kill(this.#machine(command.machine));
      case "wake":
        this.#wakeAt = Math.max(this.now, command.at);
    }
  }

  #assign(invocation: number, machine: SimulatedMachine): void {
    if (invocation === this.#arriving) {
      const { app, at, cpuMs, durationMs } = this.#workload;
      this.#arriving = 0;
      return this.#run(invocation, machine, app, at, cpuMs, durationMs);
    }
    const { app, at, cpuMs, durationMs } = this.#noLongerWaiting(invocation);
    this.#run(invocation, machine, app, at, cpuMs, durationMs);
  }

  #run(invocation: number, machine: SimulatedMachine, app: number, arrivedAt: number, cpuMs: number, durationMs: number): void {
    const { limits, memoryMb } = this.#apps[app] as SimulatedApp;
    if (machine.phase !== "bound") this.#broken(`assigns to a machine that is ${machine.phase}`);
    if (machine.app !== app) this.#broken("assigns an app's invocation to another app's machine");
    if (machine.inFlight >= limits.concurrency) this.#broken("assigns over the app's concurrency");
    if (machine.inFlight++ === 0) {
      this.#tally.idle(machine, memoryMb, this.now);
      machine.idleSince = NaN;
    }
    this.#running++;
    this.#tally.served(machine, arrivedAt, this.now);
    this.#reports.watch(machine, this.now);
    const endsAt = giveCpu(machine, cpuMs / this.#options.machine.speed, this.now) + durationMs - cpuMs;
    this.#tally.delayed(endsAt - this.now - durationMs);
    add(this.#events, endsAt, invocation, machine.place);
  }

  #keepWaiting(invocation: number): void {
    const { app, at, cpuMs, durationMs } = this.#workload;
    this.#arriving = 0;
    this.#waiting.set(invocation, { app, at, cpuMs, durationMs });
  }

  #noLongerWaiting(invocation: number): Waiting {
    const waiting = this.#waiting.get(invocation);
    if (waiting === undefined) return this.#broken("assigns or rejects an invocation that does not wait");
    this.#waiting.delete(invocation);
    return waiting;
  }

  #reject(invocation: number): void {
    if (invocation === this.#arriving) this.#arriving = 0;
    else this.#noLongerWaiting(invocation);
    this.#tally.rejected++;
    this.#unfinish();
  }

  #unfinish(): void {
    this.unfinished--;
    if (this.now > this.endAt) this.endAt = this.now;
  }

  #start(id: MachineId, kind: OpaqueKind): void {
    if (this.#machines.get(id) !== undefined) this.#broken(`uses the id ${id} for a second machine`);
    this.#tally.started();
    if (this.#tally.alive > (this.#options.maxMachines ?? Infinity)) this.#broken("has more machines than the host may have");
    const { place } = this.#machines.add(id, kind, this.now);
    add(this.#events, this.now + startTime(this.#options.machine, this.#tally.starts), UP, place);
  }

  /** The times of starts were recorded with both kinds of machines, so that nothing becomes faster here. */
  #hasten(machine: SimulatedMachine): void {
    if (machine.phase !== "starting") this.#broken(`hastens a machine that is ${machine.phase}`);
  }

  #bind(machine: SimulatedMachine, name: string): void {
    if (machine.phase !== "blank") this.#broken(`binds a machine that is ${machine.phase}`);
    machine.app = this.#appNamed(name);
    const { kind } = (this.#apps[machine.app] as SimulatedApp).limits;
    if (machine.kind.key !== kind.key) this.#broken(`binds a machine to ${name}, which is of another kind`);
    machine.phase = "binding";
    machine.comingUp = true;
    this.#tally.binds++;
    add(this.#events, this.now + bindTime(this.#options.machine, this.#tally.binds), UP, machine.place);
  }

  #drain(machine: SimulatedMachine): void {
    if (machine.phase !== "bound") this.#broken(`drains a machine that is ${machine.phase}`);
    machine.phase = "draining";
  }

  #kill(machine: SimulatedMachine): void {
    if (machine.phase === "ending") this.#broken("kills a machine twice");
    if (machine.inFlight > 0) this.#broken("kills a machine with work");
    machine.phase = "ending";
    add(this.#events, this.now, GONE, machine.place);
  }

  #machine(id: MachineId): SimulatedMachine {
    return this.#machines.get(id) ?? this.#broken(`speaks of machine ${id}, which is not there`);
  }

  #appNamed(name: string): number {
    return this.#appIndex.get(name) ?? this.#broken(`binds a machine to ${name}, which is no app`);
  }

  #broken(what: string): never {
    throw new Error(`the policy ${this.#policy.name} ${what}`);
  }
}
