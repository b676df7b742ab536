/** Reads a recording once, for what must be known before its first call is given out: its apps, how its machines behaved, and how many starts and binds there were. */
import type { RecordedStep } from "../../dispatch/recorder.ts";
import { COLD_MS } from "../../policy/constants.ts";
import type { PolicyEvent } from "../../policy/policy.ts";
import { qemuMachines } from "../machine-models.ts";
import { Times } from "../quantiles.ts";
import type { MachineModel, SimulatedApp } from "../simulator.ts";

export interface Survey {
  apps: { app: SimulatedApp; meanMs: number; cpuMs: number }[];
  indexOf: ReadonlyMap<string, number>;
  machine: MachineModel;
  /** The times of the first and the last step, in ms of the recording's clock. */
  beginMs: number;
  endMs: number;
  /** The number of starts that made a blank. */
  starts: number;
  binds: number;
}

interface Work {
  cpuMs: number;
  calls: number;
}

interface Machine {
  /** The time at which the machine's start or bind began, and the number of that start or bind among all. */
  since: number;
  number: number;
  app?: App | undefined;
  /** The CPU time that the machine's reports add up to, ms. */
  cpuMs: number;
  /** The number of calls that ended on the machine since its last report. */
  calls: number;
}

interface App {
  app: SimulatedApp;
  /** The number of finished calls, and the sum of their durations. */
  count: number;
  totalMs: number;
  /** CPU time from the machines' reports, one a second, and the number of calls that ended in the same time: of all machines, and of the warm ones. */
  all: Work;
  warm: Work;
  memoryMb: number;
  reports: number;
}

/** The most start times, and the most bind times, that are kept for the simulation, so that memory does not grow with the recording. */
const MOST_KEPT = 4_096;
const REPORT_MS = 1_000;
/** The fewest calls on warm machines from which an app's CPU time is taken. With fewer, it is taken from all of the app's calls. */
const FEWEST_WARM = 10;
const NOTHING = { count: 0, totalMs: 0, memoryMb: 0, reports: 0 };
const BYTES_PER_MB = 1_048_576;

export function surveyRecording(steps: Iterable<RecordedStep>): Survey {
  const surveyor = new Surveyor();
  for (const step of steps) surveyor.take(step);
  return surveyor.survey();
}

class Surveyor {
  readonly #apps = new Map<string, App>();
  readonly #machines = new Map<number, Machine>();
  readonly #running = new Map<number, { since: number; machine?: Machine | undefined }>();
  readonly #startTimes = new Durations();
  readonly #bindTimes = new Durations();
  #beginMs = NaN;
  #endMs = 0;
  #starts = 0;
  #binds = 0;

  take({ now, event, commands }: RecordedStep): void {
    if (Number.isNaN(this.#beginMs)) this.#beginMs = now;
    this.#endMs = now;
    this.#hear(event, now);
    for (const command of commands) {
      if (command.type === "start")
        this.#machines.set(command.machine, { since: now, number: this.#startTimes.begin(), cpuMs: 0, calls: 0 });
      else if (command.type === "bind") this.#bind(command.machine, command.revision, now);
      else if (command.type === "assign")
        this.#running.set(command.invocation, { since: now, machine: this.#machines.get(command.machine) });
    }
  }

  survey(): Survey {
    const starts = { startMs: this.#startTimes.medianMs, startTimesMs: this.#startTimes.kept };
    const machine = { ...qemuMachines, ...starts, bindMs: this.#bindTimes.medianMs, bindTimesMs: this.#bindTimes.kept };
    const apps = [...this.#apps.values()].map((each) => described(each, machine.blankMb));
    const indexOf = new Map([...this.#apps.keys()].map((name, index) => [name, index]));
    const counts = { starts: this.#starts, binds: this.#binds };
    return { apps, indexOf, machine, beginMs: this.#beginMs, endMs: this.#endMs, ...counts };
  }

  #hear(event: PolicyEvent, now: number): void {
    switch (event.type) {
      case "revision":
        return this.#meet(event);
      case "finish":
        return this.#finish(event.invocation, now);
      case "abandon":
        this.#running.delete(event.invocation);
        return;
      case "blank":
        // Starts are counted here and not at their commands, because those commanded while the server was shutting down were not carried out.
        this.#starts++;
        return this.#cameUp(this.#startTimes, event.machine, now);
      case "bound":
        return this.#cameUp(this.#bindTimes, event.machine, now);
      case "stats":
        return this.#report(event);
      case "exit":
        this.#machines.delete(event.machine);
    }
  }

  /** Later changes of limits are ignored: an app of the simulator keeps the limits that it began with. */
  #meet({ revision: name, limits }: Extract<PolicyEvent, { type: "revision" }>): void {
    if (this.#apps.has(name)) return;
    // Machines of the simulator do not come up bound.
    this.#apps.set(name, {
      ...NOTHING,
      app: { name, limits: { ...limits, snapshot: false }, memoryMb: 0 },
      all: { cpuMs: 0, calls: 0 },
      warm: { cpuMs: 0, calls: 0 },
    });
  }

  #bind(machine: number, name: string, now: number): void {
    this.#binds++;
    this.#machines.set(machine, { since: now, number: this.#bindTimes.begin(), app: this.#apps.get(name), cpuMs: 0, calls: 0 });
  }

  #cameUp(times: Durations, id: number, now: number): void {
    const machine = this.#machines.get(id);
    if (machine !== undefined) times.end(machine.number, now - machine.since);
  }

  #finish(invocation: number, now: number): void {
    const call = this.#running.get(invocation);
    this.#running.delete(invocation);
    const { machine } = call ?? {};
    if (call === undefined || machine?.app === undefined) return;
    machine.calls++;
    machine.app.count++;
    machine.app.totalMs += now - call.since;
  }

  #report({ machine: id, stats }: Extract<PolicyEvent, { type: "stats" }>): void {
    const machine = this.#machines.get(id);
    if (machine?.app === undefined) return;
    const { app, calls } = machine;
    const cpuMs = stats.cpu * REPORT_MS;
    for (const work of machine.cpuMs < COLD_MS ? [app.all] : [app.all, app.warm]) {
      work.cpuMs += cpuMs;
      work.calls += calls;
    }
    machine.cpuMs += cpuMs;
    machine.calls = 0;
    app.memoryMb += stats.memoryBytes / BYTES_PER_MB;
    app.reports++;
  }
}

/** The durations of many starts or binds, in the order in which they began. */
class Durations {
  #begun = 0;
  readonly #first: number[] = [];
  readonly #all = new Times();

  get medianMs(): number {
    return this.#all.quantileMs(0.5);
  }

  /** The durations of the first MOST_KEPT, with the median in place of those that did not end. */
  get kept(): number[] {
    return this.#first.map((ms) => (Number.isNaN(ms) ? this.medianMs : ms));
  }

  /** Returns the number of the start or bind that begins. */
  begin(): number {
    if (this.#begun < MOST_KEPT) this.#first.push(NaN);
    return this.#begun++;
  }

  end(number: number, ms: number): void {
    this.#all.add(ms);
    if (number < MOST_KEPT) this.#first[number] = ms;
  }
}

/** @param blankMb the memory that the app's machines are taken to hold if none of them reported */
function described({ app, count, totalMs, all, warm, memoryMb, reports }: App, blankMb: number): Survey["apps"][number] {
  const meanMs = count === 0 ? 0 : totalMs / count;
  // A new machine compiles the code that it runs for the first time; that CPU time is spent once for the machine and not by each call.
  const { cpuMs, calls } = warm.calls < FEWEST_WARM ? all : warm;
  return {
    app: { ...app, memoryMb: reports === 0 ? blankMb : memoryMb / reports },
    meanMs,
    cpuMs: calls === 0 ? 0 : Math.min(meanMs, cpuMs / calls),
  };
}
