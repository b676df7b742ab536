/** `export default { fetch(request, env, ctx) }`. */
import type { Failures } from "../../../agent/invocation/failures.ts";
import type { Invocation } from "../../../agent/invocation/invocation.ts";
import { LightRequest } from "../web/light-request.ts";
import { FetchContext } from "./fetch-context.ts";
import type { Runner } from "./runner.ts";
import { sendResponse } from "./send-response.ts";
import { type UpgradeHandler, runUpgrade } from "./upgrade-style.ts";

export interface FetchApp {
  fetch(request: unknown, env: Record<string, unknown>, ctx: FetchContext): unknown;
  /** Called for callers that ask to go on with another protocol; without it, they are refused. */
  upgrade?: UpgradeHandler;
}

export function fetchRunner(app: FetchApp, env: Record<string, unknown>, failures: Failures): Runner {
  return (invocation) => {
    if (invocation.head.isUpgrade) return upgrade(invocation, app, failures);
    try {
      const result = app.fetch(new LightRequest(invocation), env, new FetchContext(invocation, failures));
      // If the handler returns a value at once, no promise is made.
      if (!isThenable(result)) return sendResponse(invocation, result, failures);
      result.then(
        (response) => sendResponse(invocation, response, failures),
        (error) => failures.threw(invocation, error),
      );
    } catch (error) {
      failures.threw(invocation, error);
    }
  };
}

function upgrade(invocation: Invocation, app: FetchApp, failures: Failures): void {
  if (typeof app.upgrade !== "function") return invocation.refuseUpgrade();
  runUpgrade(invocation, (...given) => app.upgrade!(...given), failures);
}

function isThenable(value: unknown): value is Promise<unknown> {
  return (
    ((typeof value === "object" && value !== null) || typeof value === "function") &&
    typeof (value as { then?: unknown }).then === "function"
  );
}
