/**
 * Which function of an app used how much of its machines' CPU: an estimate, as many invocations share an event loop.
 *
 * The host knows which invocations ended on a machine between two samples, and what CPU the machine used meanwhile. From that it
 * learns what a call of each function costs, and splits each sample's CPU in proportion to calls times cost. Nothing that the guest says is used.
 *
 * 1. What is given out sums to what was used, but for what is still to be given out.
 * 2. Memory is bounded by the apps and functions that are called, and by the machines that live.
 */
import { createCostModel, type CostModel } from "./cost-model.ts";

export interface Attribution {
  /** An invocation of a function, on a machine. */
  ended(machine: string, name: string): void;
  /** The machine used so much since its last sample. Returns what of that, and of CPU kept from before, each function is given. */
  used(app: string, machine: string, cpuUs: number): Map<string, number>;
}

/** Machines with calls that await a sample; those that ended before theirs came are forgotten in turn. */
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
        // Its invocations are not over: whichever ends first is given it.
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

/** Past the bound the oldest goes. */
function callsOf(waiting: Map<string, Map<string, number>>, machine: string): Map<string, number> {
  const found = waiting.get(machine);
  if (found !== undefined) return found;
  const made = new Map<string, number>();
  waiting.set(machine, made);
  if (waiting.size > MOST_MACHINES) waiting.delete(waiting.keys().next().value as string);
  return made;
}
