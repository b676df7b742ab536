/**
 * Which function of an app used how much of its machines' CPU: an estimate, as many invocations share an event loop.
 *
 * The host knows which invocations ended on a machine between two samples, how long each was in flight, and what CPU the machine used
 * meanwhile. Each function has a cost per call, learned from that: a sample's CPU is split in proportion to calls times cost, and the
 * split corrects the costs (the Richardson-Lucy iteration, over samples). A function not seen before is taken to cost what its
 * invocations' time in flight suggests. Nothing that the guest says is used.
 *
 * 1. What is given out sums to what was used, but for what is still to be given out.
 * 2. Memory is bounded by the apps that are deployed, by the functions that were called lately and by the machines that live.
 */
export interface Attribution {
  /** An invocation of a function, on a machine, after so many milliseconds. */
  ended(machine: string, name: string, ms: number): void;
  /** The machine used so much since its last sample. Returns what of that, and of CPU kept from before, each function is given. */
  used(app: string, machine: string, cpuUs: number): Map<string, number>;
}

interface Calls {
  count: number;
  ms: number;
}

/** What a function was given lately, and for how many calls: older samples fade. */
interface Cost {
  cpuUs: number;
  calls: number;
}

const FADE = 0.9;
/** Machines with calls that await a sample; those that ended before theirs came are forgotten in turn. */
const MOST_MACHINES = 4_096;
const MOST_FUNCTIONS = 100_000;

export function createAttribution(): Attribution {
  const waiting = new Map<string, Map<string, Calls>>();
  const kept = new Map<string, number>();
  const costs = new Map<string, Cost>();
  return {
    ended(machine, name, ms) {
      const calls = getOr(waiting, machine, () => new Map<string, Calls>(), MOST_MACHINES);
      const sum = getOr(calls, name, () => ({ count: 0, ms: 0 }), MOST_FUNCTIONS);
      sum.count++;
      sum.ms += ms;
    },
    used(app, machine, cpuUs) {
      const total = cpuUs + (kept.get(app) ?? 0);
      const calls = waiting.get(machine);
      waiting.delete(machine);
      if (calls === undefined) {
        // Its invocations are not over: whichever ends first is given it.
        if (total > 0) kept.set(app, total);
        return new Map();
      }
      kept.delete(app);
      return split(app, total, calls, costs);
    },
  };
}

function split(app: string, cpuUs: number, calls: Map<string, Calls>, costs: Map<string, Cost>): Map<string, number> {
  const weights = [...calls].map(([name, sum]) => [name, sum, sum.count * costPerCall(costs.get(`${app} ${name}`), sum)] as const);
  const all = weights.reduce((sum, [, , weight]) => sum + weight, 0);
  const given = new Map<string, number>();
  for (const [name, { count }, weight] of weights) {
    const share = cpuUs * (all > 0 ? weight / all : 1 / weights.length);
    given.set(name, share);
    const cost = getOr(costs, `${app} ${name}`, () => ({ cpuUs: 0, calls: 0 }), MOST_FUNCTIONS);
    cost.cpuUs = FADE * cost.cpuUs + share;
    cost.calls = FADE * cost.calls + count;
  }
  return given;
}

function costPerCall(cost: Cost | undefined, { ms, count }: Calls): number {
  return cost === undefined ? (ms * 1_000) / count : cost.cpuUs / cost.calls;
}

/** Past the bound the oldest goes. */
function getOr<V>(map: Map<string, V>, key: string, make: () => V, most: number): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  if (map.size > most) map.delete(map.keys().next().value as string);
  return made;
}
