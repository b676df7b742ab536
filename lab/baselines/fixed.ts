/**
 * Starts a machine for an invocation that finds no slot, and keeps it for a fixed time after its last invocation, whatever the app's past. Most providers do
 * so: OpenWhisk and, at the time, AWS Lambda with 10 minutes, Azure Functions with 20 (Shahrad et al., "Serverless in the Wild", USENIX ATC 2020); Huawei
 * with 1 (Joosen et al., "Serverless Cold Starts and Where to Find Them", EuroSys 2025).
 */
import type { Rules } from "./rules.ts";
import { bringForWaiting } from "./supply.ts";
import { keepFor } from "./timers.ts";

/** @param keepMs ms for which an idle machine is kept; 0: it is killed at once; Infinity: it is never killed */
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
