/** Opens the dispatcher of a server, over a fleet of the driver's machines. */
import type { ServerStart } from "../base/config/server-start.ts";
import { createFleet } from "../fleet/create-fleet.ts";
import type { FleetOptions } from "../fleet/fleet.ts";
import { createSnapshotKeeper, type SnapshotKeeper, type SnapshotKeeperOptions } from "../fleet/snapshots/snapshot-keeper.ts";
import type { Driver } from "../machines/driver.ts";
import type { Catalog } from "../store/catalog/catalog.ts";
import { lackingKernel } from "../store/catalog/lacking-kernel.ts";
import { lackingSecret } from "../store/catalog/lacking-secrets.ts";
import type { OpenAccounts } from "../store/ledger/create-accounts.ts";
import type { UsageEntry } from "../store/ledger/usage.ts";
import type { Logs } from "../store/logs/logs.ts";
import type { EventStream } from "../telemetry/event-stream.ts";
import type { Tracing } from "../telemetry/traces/tracing.ts";
import { createBootId } from "./boot-id.ts";
import { createDispatcher } from "./dispatcher.ts";
import { KindBook } from "./kind-book.ts";
import type { DispatcherOptions, LiveDispatcher, LogSink } from "./live-dispatcher.ts";
import { revisionOf } from "./live-revisions.ts";
import { openPolicy } from "./open-policy.ts";

interface DispatcherNeeds {
  driver: Driver;
  prepare: NonNullable<FleetOptions["prepare"]>;
  catalog: Catalog;
  accounts: OpenAccounts;
  /** Takes note of what apps' machines print, and what is written about them, besides the logs. */
  logged: LogSink["append"] | undefined;
  tracing: Tracing | undefined;
  /** Takes note of what machines used, besides the accounts. */
  used: (usage: UsageEntry) => void;
  carried: FleetOptions["carried"];
  logs: Logs;
  events: EventStream;
  egress: FleetOptions["egress"];
  authority: NonNullable<FleetOptions["authority"]>;
  mountsEgress: FleetOptions["mountsEgress"];
  lambda?: FleetOptions["lambda"];
  /** Called when an app has its first machine (`serves` is true) and when it has none any more. */
  serving: (app: string, serves: boolean) => void;
}

/** The driver must be prepared: the policy asks for its first machines at once. */
export async function openDispatcher(
  start: ServerStart,
  {
    driver,
    prepare,
    catalog,
    accounts,
    used,
    carried,
    logged,
    tracing,
    logs,
    events,
    egress,
    mountsEgress,
    authority,
    lambda,
    serving,
  }: DispatcherNeeds,
): Promise<LiveDispatcher> {
  const { config, clock, log, closing } = start;
  const bootId = createBootId(clock.wall());
  // What every machine is made with, for calls or for a snapshot.
  const making: Making = {
    prepare,
    clock,
    bootId,
    code: ({ id }) => catalog.code(id),
    secrets: ({ app, manifest }) => catalog.secrets(app, manifest.secrets),
    egress,
    authority,
    ...(lambda && { lambda }),
    usage: {
      record(entry) {
        accounts.record(entry);
        used(entry);
      },
    },
  };
  const fleet = createFleet({
    ...making,
    ...(mountsEgress && { mountsEgress }),
    driver,
    ...(carried && { carried }),
    report: (text) => log.warn(text),
  });
  const snapshots = openSnapshots(start, { driver, catalog, logs }, making);
  const policy = await openPolicy(start, events);
  const dispatcher = createDispatcher({
    ...policy,
    fleet,
    snapshots,
    clock,
    bootId,
    tracing,
    logs: logged === undefined ? logs : sinkOf(logs, logged),
    accounts,
    events,
    shareOf: sharesOf(catalog.tenants),
    lacks: (revision) => lackingKernel(revision.manifest, driver.kernels) ?? lackingSecret(catalog, revision),
    kinds: new KindBook(config.kernel),
    drainMs: config.webSockets.drainMs,
    serving,
  });
  closing.defer(async () => void (await dispatcher.close(config.graceMs)));
  return dispatcher;
}

function sinkOf(logs: Logs, logged: LogSink["append"]): LogSink {
  return {
    append(line, traceparent) {
      logs.append(line);
      logged(line, traceparent);
    },
  };
}

/** An app never moves to another tenant, so that its tenant is looked up once. */
function sharesOf(catalog: Pick<Catalog["tenants"], "tenantOf" | "limits">): NonNullable<DispatcherOptions["shareOf"]> {
  const tenants = new Map<string, string>();
  return (app) => {
    const id = tenants.get(app) ?? catalog.tenantOf(app);
    if (id === undefined) return undefined;
    tenants.set(app, id);
    const { machines, memoryMb, vcpus, startsPerSecond } = catalog.limits(id);
    return { id, machines, memoryMb, vcpus, startsPerSecond };
  };
}

type Making = Pick<
  FleetOptions & SnapshotKeeperOptions,
  "prepare" | "clock" | "bootId" | "code" | "secrets" | "egress" | "authority" | "lambda" | "usage"
>;

/** Undefined if the driver's machines cannot be frozen. */
function openSnapshots(
  { config, clock }: ServerStart,
  { driver, catalog, logs }: Pick<DispatcherNeeds, "driver" | "catalog" | "logs">,
  making: Making,
): SnapshotKeeper | undefined {
  const { snapshots } = driver;
  if (snapshots === undefined) return undefined;
  // While the server was not running, or was killed, revisions may have gone.
  for (const { part } of snapshots.saved()) if (!catalog.isLive(revisionOf(part))) snapshots.drop(part);
  return createSnapshotKeeper({
    ...making,
    snapshots,
    log: ({ app }, machine, level, text) => logs.append({ at: clock.wall(), app, machine, level, text }),
    most: config.maxSnapshots,
    mostMb: config.maxSnapshotMb,
  });
}
