/** `export default { fetch(request, env, ctx) }`, perhaps with `queue(batch, env, ctx)`. */
import type { Failures } from "../../../agent/invocation/failures.ts";
import type { Invocation } from "../../../agent/invocation/invocation.ts";
import { collectBody } from "../web/incoming-body.ts";
import { LightRequest } from "../web/light-request.ts";
import { FetchContext } from "./fetch-context.ts";
import { type QueueHandler, recordsIn, runQueue } from "./queue-style.ts";
import type { Runner } from "./runner.ts";
import { sendResponse } from "./send-response.ts";
import { type UpgradeHandler, runUpgrade } from "./upgrade-style.ts";

export interface FetchApp {
  fetch(request: unknown, env: Record<string, unknown>, ctx: FetchContext): unknown;
  /** Gets the messages of queues; without it, fetch() gets them as an event. */
  queue?: QueueHandler;
  /** Called for callers that ask to go on with another protocol; without it, they are refused. */
  upgrade?: UpgradeHandler;
}

export function fetchRunner(app: FetchApp, env: Record<string, unknown>, failures: Failures): Runner {
  const run: Runner = (invocation) => {
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
  return (invocation) => {
    if (invocation.head.isUpgrade) return upgrade(invocation, app, failures);
    if (!invocation.head.isEvent || typeof app.queue !== "function") return run(invocation);
    collectBody(invocation)
      .then((payload) => {
        const records = recordsIn(payload);
        if (records !== undefined)
          return runQueue(invocation, records, (batch) => app.queue!(batch, env, new FetchContext(invocation, failures)), failures);
        invocation.body.putBack(payload);
        return run(invocation);
      })
      .catch((error: unknown) => failures.threw(invocation, error));
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
