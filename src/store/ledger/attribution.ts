/**
 * Estimates which function of an app used how much of its machines' CPU. It can only be estimated, because many invocations share an event
 * loop. The host knows which invocations ended on a machine between two samples, and how much CPU the machine used meanwhile. From that it
 * learns what a call of each function costs, and splits each sample's CPU in proportion to calls times cost. Nothing that the guest says is
 * used.
 *
 * 1. The functions' shares sum to what was used, except for CPU that is kept for later invocations.
 * 2. Memory is bounded by the number of apps and functions that are called, and by the number of machines that live.
 */
import { createCostModel, type CostModel } from "./cost-model.ts";

export interface Attribution {
  /** An invocation of the function ended on the machine. */
  ended(machine: string, name: string): void;
  /** The machine used this much CPU since its last sample. Returns each function's share of it, and of CPU that was kept from before. */
  used(app: string, machine: string, cpuUs: number): Map<string, number>;
}

/** The most machines whose ended calls wait for a sample. Beyond that, the one that waits for longest is forgotten. */
const MOST_MACHINES = 4_096;

export function createAttribution(): Attribution {
  const waiting = new Map<string, Map<string, number>>();
  const kept = new Map<string, number>();
  const models = new Map<string, CostModel>();
  return {
    ended(machine, name) {
      const calls = callsOf(waiting, machine);
      calls.set(name, (calls.get(name) ?? 0) + 1);
    },
    used(app, machine, cpuUs) {
      const total = cpuUs + (kept.get(app) ?? 0);
      const calls = waiting.get(machine);
      if (calls === undefined) {
        // No invocation ended since the last sample, so the CPU is kept for the app's next invocations that end.
        if (total > 0) kept.set(app, total);
        return new Map();
      }
      waiting.delete(machine);
      kept.delete(app);
      const model = models.get(app) ?? createCostModel();
      models.set(app, model);
      model.learn(calls, total);
      return split(total, calls, model);
    },
  };
}

function split(cpuUs: number, calls: Map<string, number>, model: CostModel): Map<string, number> {
  const weights = [...calls].map(([name, count]) => [name, count, count * model.cost(name)] as const);
  const all = weights.reduce((sum, [, , weight]) => sum + weight, 0);
  const allCalls = weights.reduce((sum, [, count]) => sum + count, 0);
  return new Map(weights.map(([name, count, weight]) => [name, cpuUs * (all > 0 ? weight / all : count / allCalls)]));
}

/** The machine's ended calls, by function. Beyond MOST_MACHINES the oldest machine is forgotten. */
function callsOf(waiting: Map<string, Map<string, number>>, machine: string): Map<string, number> {
  const found = waiting.get(machine);
  if (found !== undefined) return found;
  const made = new Map<string, number>();
  waiting.set(machine, made);
  if (waiting.size > MOST_MACHINES) waiting.delete(waiting.keys().next().value as string);
  return made;
}
