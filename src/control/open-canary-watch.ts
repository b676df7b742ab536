import type { ServerStart } from "../base/config/server-start.ts";
import type { Stores } from "../store/open-stores.ts";
import type { EventStream } from "../telemetry/event-stream.ts";
import { watchCanaries } from "./canaries.ts";
import { nameOfId } from "./names.ts";
import type { Serving } from "./serving.ts";

/** Watches the canaries until the server closes. What becomes of one is in the server's log and in its app's. */
export function openCanaryWatch(
  { clock, log, closing }: ServerStart,
  { catalog, note }: Stores,
  { serving, events }: { serving: Serving; events: EventStream },
): void {
  const nameOf = (app: string) => nameOfId(catalog.names, app);
  const end = watchCanaries({
    catalog,
    serving,
    events,
    clock,
    say(app, text, isBad) {
      log[isBad ? "warn" : "info"]({ app: nameOf(app) }, text);
      note(app, text);
    },
    failed: (app, error) => log.error({ err: error, app: nameOf(app) }, "what was decided on a canary cannot be carried out"),
  });
  closing.defer(end);
}
