/**
 * FaasCache (Fuerst and Sharma, "FaasCache: Keeping Serverless Computing Alive with Greedy-Dual Caching", ASPLOS 2021): warm machines are a
 * cache. All machines are kept until memory is short. Then the idle machine with the lowest priority is killed:
 *
 *     priority = clock + frequency × cost / size
 *
 * `clock` is the priority of the machine that was killed last, as of the time when this machine was last used. `frequency` is the number of the app's
 * invocations since it last had no machine. `cost` is the duration of its cold start, and `size` the memory of its machine. Their units do not matter,
 * because the clock is in the same.
 *
 * The only parameter of the policy is the memory that it is given. A fair value depends on the workload. It is a multiple here of the most memory that
 * machines at work have held so far: a host that was bought for its peak, and is so many times as large. Less than 1 × would be a host that is too small for
 * any policy; without a limit the policy is "always keep".
 */
import type { Rules } from "./rules.ts";
import { bringForWaiting } from "./supply.ts";

interface CacheMemory {
  clock: number;
}

interface Used {
  frequency: number;
}

export function faasCache(): Rules<CacheMemory, Used> {
  const rules: Rules<CacheMemory, Used> = {
    createMemory: () => ({ clock: 0 }),
    createAppMemory: () => ({ frequency: 0 }),
    lacks(state, app, now, commands) {
      bringForWaiting(rules, state, app, now, commands);
    },
    served(_state, app) {
      app.memory.frequency++;
    },
    idle({ memory }, machine, app) {
      machine.priority = memory.clock + (app.memory.frequency * app.bringUpMs) / machine.heldMb;
    },
    worth: ({ priority }) => priority,
    evicted({ memory }, { priority, app }) {
      memory.clock = Math.max(memory.clock, priority);
      if (app !== null && app.bound + app.coming === 1) app.memory.frequency = 0;
    },
  };
  return rules;
}
