/** Opens who counts and exports what happens. */
import type { ServerStart } from "../base/config/server-start.ts";
import { openExportOf, openMetricsOf } from "../control/open-metrics.ts";
import { keepAccounts } from "../store/ledger/keep-accounts.ts";
import type { LogLines } from "../store/logs/server-log.ts";
import type { EventStream } from "../telemetry/event-stream.ts";
import type { State } from "./open-state.ts";

export type Telemetry = ReturnType<typeof openTelemetry>;

export interface TelemetryNeeds {
  state: State;
  events: EventStream;
  /** Of the server's own log. */
  lines: LogLines;
  version: string;
  /** The driver's name. */
  driver: string;
}

export function openTelemetry(start: ServerStart, { state: { accounts, catalog }, events, lines, version, driver }: TelemetryNeeds) {
  keepAccounts(accounts, events);
  const metrics = openMetricsOf(start, { events, names: catalog.names, info: { version, driver } });
  const exported = openExportOf(start, { events, names: catalog.names, metrics, version, lines });
  return { metrics, exported, tracing: exported?.tracing, traces: exported?.tracing?.contexts };
}
