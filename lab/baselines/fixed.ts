/**
 * Starts a machine for what finds no slot, and keeps it for a fixed time after its last invocation, whatever its app's past. So do most
 * providers: OpenWhisk and, at the time, AWS Lambda with 10 minutes, Azure Functions with 20 (Shahrad et al., "Serverless in the Wild",
 * USENIX ATC 2020); Huawei with 1 (Joosen et al., "Serverless Cold Starts and Where to Find Them", EuroSys 2025).
 */
import type { Rules } from "./rules.ts";
import { bringForWaiting } from "./supply.ts";
import { keepFor } from "./timers.ts";

/** @param keepMs 0: a machine is killed as soon as it has nothing to do. Infinity: never. */
export function fixedKeepAlive(keepMs: number): Rules<null, null> {
  const rules: Rules<null, null> = {
    createMemory: () => null,
    createAppMemory: () => null,
    lacks(state, app, now, commands) {
      bringForWaiting(rules, state, app, now, commands);
    },
    idle(state, machine, _app, _worked, now, commands) {
      keepFor(state, machine, keepMs, now, commands);
    },
  };
  return rules;
}
