/** Opens a server's metrics: gives the counting what it cannot know, which is how apps are called and what other rooms hold now. */
import type { ServerStart } from "../base/config/server-start.ts";
import type { LiveDispatcher } from "../dispatch/live-dispatcher.ts";
import type { Events } from "../events/events.ts";
import type { OpenedQueues } from "../services/queues/open-queues.ts";
import type { Names } from "../store/catalog/catalog.ts";
import type { OpenAccounts } from "../store/ledger/create-accounts.ts";
import type { LogLines } from "../store/logs/server-log.ts";
import { monthOf } from "../store/ledger/month.ts";
import type { EventStream } from "../telemetry/event-stream.ts";
import type { Readings } from "../telemetry/metrics/app-readings.ts";
import { type Export, openExport } from "../telemetry/otlp/open-export.ts";
import { type Metrics, openMetrics } from "../telemetry/metrics/open-metrics.ts";
import type { Seen } from "./seen.ts";

type KnownNames = Pick<Names, "nameOf" | "tenantName">;

/** What metrics are read from. */
export interface MetricSources {
  dispatcher: Pick<LiveDispatcher, "machines" | "inFlight">;
  accounts: Pick<OpenAccounts, "bill" | "prices">;
  events: Pick<Events, "openByApp">;
  queues: Pick<OpenedQueues, "depths">;
  names: KnownNames;
}

/** Costs are summed from the ledger at most this often, milliseconds. */
const COSTS_MS = 30_000;

/** Undefined if the settings say so. */
export function openMetricsOf(
  { config, closing }: ServerStart,
  { events, names, info }: { events: EventStream; names: KnownNames; info: Readonly<Record<string, string>> },
): Metrics | undefined {
  if (!config.telemetry.metrics) return undefined;
  const metrics = openMetrics({ events, labelsOf: labelsBy(names), most: config.telemetry.functions, info });
  closing.defer(() => metrics.close());
  return metrics;
}

export interface ExportNeeds {
  events: EventStream;
  names: KnownNames;
  metrics: Metrics | undefined;
  version: string;
  /** Of the server's own log. */
  lines: LogLines;
}

/** Undefined if the settings name no collector. */
export function openExportOf(
  { config, clock, log, closing }: ServerStart,
  { events, names, metrics, version, lines }: ExportNeeds,
): Export | undefined {
  const { url, ...otlp } = config.telemetry.otlp;
  if (url === undefined) return undefined;
  const report = (error: Error) => log.warn({ err: error }, `telemetry was not exported: ${error.message}`);
  const listenToLog: LogLines["listen"] = (listener) => lines.listen(listener);
  const exported = openExport({ ...otlp, url, listenToLog, events, labelsOf: labelsBy(names), metrics, clock, version, report });
  closing.defer(() => exported.close());
  return exported;
}

export function readingsOf(
  { config, clock }: Pick<ServerStart, "config" | "clock">,
  { dispatcher, accounts, events, queues, names }: MetricSources,
): Readings {
  let costs: ReturnType<Readings["costs"]> | undefined;
  let at = 0;
  return {
    machines: () => dispatcher.machines(),
    inFlight: () => dispatcher.inFlight(),
    // What cannot be read, while the server stops for example, is left out of that page.
    events: () => events.openByApp().catch(() => []),
    async queues() {
      const depths = await queues.depths(config.telemetry.functions).catch(() => []);
      return depths.map(({ tenant, app, name, visible, inFlight, delayed }) => {
        const tenantName = names.tenantName(tenant) ?? tenant;
        return { tenant: tenantName, app, name, visible, inFlight, delayed };
      });
    },
    costs() {
      if (costs === undefined || clock.now() - at >= COSTS_MS) {
        costs = costsOf(accounts, monthOf(clock.wall())) ?? costs;
        at = clock.now();
      }
      return costs ?? { currency: accounts.prices.currency, apps: [] };
    },
  };
}

function costsOf(accounts: MetricSources["accounts"], month: string): ReturnType<Readings["costs"]> | undefined {
  try {
    const { apps, platform } = accounts.bill(month, []);
    return { currency: accounts.prices.currency, apps: [...apps, { app: null, cost: platform.cost }] };
  } catch {
    return undefined;
  }
}

/** Which labels somebody sees. Who is of the whole server sees all, also what is of no app. */
export function seesLabels(
  names: KnownNames & Pick<Names, "known">,
  { tenant, apps }: Seen,
): (labels: Readonly<Record<string, string>>) => boolean {
  if (tenant === null && apps === null) return () => true;
  const own = tenant === null ? undefined : names.tenantName(tenant);
  const listed = apps === null ? undefined : new Set(apps.map((id) => keyOf(labelsBy(names)(id))));
  return ({ tenant: of, app }) => {
    if (of === undefined || app === undefined || app === "") return false;
    return (own === undefined || of === own) && (listed === undefined || listed.has(keyOf({ tenant: of, app })));
  };
}

function keyOf(labels: { tenant: string; app: string } | undefined): string {
  return labels === undefined ? "" : `${labels.tenant}/${labels.app}`;
}

function labelsBy(names: KnownNames): (app: string) => { tenant: string; app: string } | undefined {
  return (id) => {
    const known = names.nameOf(id);
    return known && { tenant: names.tenantName(known.tenant) ?? known.tenant, app: known.name };
  };
}
