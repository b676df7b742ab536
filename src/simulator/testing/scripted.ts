/** For tests: a workload made of a list, and a policy whose answers are written down in the test. */
import type { MachinePhase } from "../../policy/machine-facts.ts";
import type { AppLimits, PolicyCommand, PolicyEvent } from "../../policy/policy.ts";
import type { SimulatedPolicy, Workload } from "../simulator.ts";
import { usualKind } from "../../base/kind/machine-kind.ts";

export const LIMITS: AppLimits = {
  concurrency: 2,
  minMachines: 0,
  maxMachines: 10,
  reservedBlanks: 0,
  waitWorth: null,
  queue: 100,
  kind: usualKind,
};

export interface Call {
  at: number;
  durationMs: number;
  cpuMs?: number;
  app?: number;
}

/** @param apps names of apps, whose bound machines hold 1,024 MB each */
export function listed(calls: readonly Call[], { apps = ["ada"], limits = LIMITS, endMs = 0 } = {}): Workload {
  let next = 0;
  const workload = {
    name: "listed",
    apps: apps.map((name) => ({ name, limits, memoryMb: 1_024 })),
    endMs,
    at: 0,
    app: 0,
    durationMs: 0,
    cpuMs: 0,
    next() {
      const call = calls[next++];
      if (call === undefined) return false;
      Object.assign(workload, { app: 0, cpuMs: 0 }, call);
      return true;
    },
  };
  return workload;
}

export interface Heard {
  event: PolicyEvent;
  now: number;
}

/** @param answer returns the commands for an event @param heard is called with each event */
export function scripted(answer: (event: PolicyEvent, now: number) => PolicyCommand[], heard: Heard[] = []): SimulatedPolicy {
  const step = (_: unknown, event: PolicyEvent, now: number) => {
    heard.push({ event, now });
    return answer(event, now);
  };
  return { name: "scripted", create: () => ({ state: null, step }) };
}

/** A policy with one machine, of id 1, for all calls of one app: started at the first call, killed when it has been idle for `idleMs`. */
export function oneMachine(
  idleMs: number,
  { app = "ada", slots = LIMITS.concurrency } = {},
): (event: PolicyEvent, now: number) => PolicyCommand[] {
  const waiting: number[] = [];
  let phase: MachinePhase | "none" = "none";
  let running = 0;
  let idleSince = 0;
  const serve = (): PolicyCommand[] => {
    const served = waiting.splice(0, phase === "bound" ? slots - running : 0);
    running += served.length;
    return served.map((invocation) => ({ type: "assign", invocation, machine: 1 }));
  };
  return (event, now) => {
    switch (event.type) {
      case "arrive":
        waiting.push(event.invocation);
        if (phase !== "none") return serve();
        phase = "starting";
        return [{ type: "start", machine: 1, kind: usualKind, urgent: true, revision: app, why: { kind: "other-rule", rule: "a test" } }];
      case "blank":
        return [{ type: "bind", machine: 1, revision: app, why: { kind: "other-rule", rule: "a test" } }];
      case "bound":
        phase = "bound";
        return serve();
      case "finish":
        running--;
        idleSince = now;
        return running === 0 && waiting.length === 0 ? [{ type: "wake", at: now + idleMs }] : serve();
      case "tick":
        if (phase !== "bound" || running > 0 || now < idleSince + idleMs) return [];
        phase = "ending";
        return [{ type: "kill", machine: 1, why: { kind: "other-rule", rule: "a test" } }];
      default:
        return [];
    }
  };
}
