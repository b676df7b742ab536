/**
 * FaasCache (Fuerst and Sharma, "FaasCache: Keeping Serverless Computing Alive with Greedy-Dual Caching", ASPLOS 2021): warm machines are a
 * cache. All are kept until memory is short; then the idle one with the lowest priority goes:
 *
 *     priority = clock + frequency × cost / size
 *
 * where `clock` is the priority of the last victim as it was when the machine was last used, `frequency` counts the app's invocations since
 * it last had no machine, `cost` is what a cold start of it takes, and `size` what a machine of it holds. The unit of cost and size does
 * not matter, for the clock is in the same.
 *
 * Its only parameter is the memory that it is given. What is fair depends on the workload, so that it is a multiple here of what the
 * machines that were not idle held at their peak so far: the host was bought for that, and so much larger. Less than 1 × would be a host
 * too small for any policy; without a limit it is "always keep".
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
