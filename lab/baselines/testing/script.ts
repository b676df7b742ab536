/** Plays a few invocations in the simulator, and returns what the policy commanded and when. */
import type { PolicyCommand, Step } from "../../../src/policy/policy.ts";
import { simulate } from "../../../src/simulator/simulate.ts";
import type { MachineModel, Outcome, SimulatedPolicy, Workload } from "../../../src/simulator/simulator.ts";
import { usualKind } from "../../../src/base/kind/machine-kind.ts";

/** A call. Times are in seconds; `app` is "a" by default. */
export interface Call {
  at: number;
  lasts: number;
  app?: string;
}

/** Machines whose start takes 800 ms and bind 200 ms, so that a cold start takes a second. */
export const machine: MachineModel = { startMs: 800, bindMs: 200, startCpuMs: 500, bindCpuMs: 100, blankMb: 50, speed: 1 };
export const worth = { wait: 100, cpu: 9 };

export interface Played {
  outcome: Outcome;
  /** The commands as texts such as "12.5 kill 1": seconds, command, machine. Ticks and assignments are left out. */
  log: string[];
}

export interface Setting {
  concurrency?: number;
  /** Length of the run, seconds, at least. */
  endAt?: number;
  /** Memory that a machine holds, MB. */
  memoryMb?: number;
  /** CPU time of each call, ms. */
  cpuMs?: number;
}

export function play(create: SimulatedPolicy["create"], calls: Call[], setting: Setting = {}): Played {
  const log: string[] = [];
  const recorded = {
    name: "recorded",
    create() {
      const { state, step } = create();
      return { state, step: recording(step, log) };
    },
  };
  return { log, outcome: simulate(scripted(calls, setting), recorded, { machine, worth }) };
}

export function scripted(calls: Call[], { concurrency = 1, endAt = 0, memoryMb = 100, cpuMs = 0 }: Setting = {}): Workload {
  const names = [...new Set(calls.map(({ app = "a" }) => app))];
  const limits = {
    concurrency,
    minMachines: 0,
    maxMachines: 100,
    reservedBlanks: 0,
    waitWorth: null,
    queue: 1_000,
    kind: usualKind,
  };
  let next = 0;
  return {
    name: "scripted",
    apps: names.map((name) => ({ name, limits, memoryMb })),
    endMs: endAt * 1_000,
    next: () => next++ < calls.length,
    get at() {
      return callAt(calls, next).at * 1_000;
    },
    get app() {
      return names.indexOf(callAt(calls, next).app ?? "a");
    },
    get durationMs() {
      return callAt(calls, next).lasts * 1_000;
    },
    cpuMs,
  };
}

function callAt(calls: Call[], next: number): Call {
  return calls[next - 1] as Call;
}

function recording(step: Step<never>, log: string[]): Step<never> {
  return (state, event, now) => {
    const commands = step(state, event, now);
    for (const command of commands) {
      const told = inWords(command);
      if (told !== undefined) log.push(`${now / 1_000} ${told}`);
    }
    return commands;
  };
}

function inWords(command: PolicyCommand): string | undefined {
  if (command.type === "assign" || command.type === "wake" || command.type === "reject") return undefined;
  return `${command.type} ${command.machine}`;
}
