/** Opens what brings invocations into machines, and what of the platform machines reach from inside. */
import type { ServerStart } from "../base/config/server-start.ts";
import { createInternalRoutes } from "../control/internal-routes.ts";
import { lambdaFactsOf } from "../control/lambda/lambda-facts.ts";
import { openKinds } from "../control/open-kinds.ts";
import type { ServedApps } from "../control/served-apps.ts";
import { createBootId } from "../dispatch/boot-id.ts";
import type { Dispatcher } from "../dispatch/invocation.ts";
import { openDispatcher } from "../dispatch/open-dispatcher.ts";
import { InternalCalls } from "../doors/internal/internal-calls.ts";
import { RecentCalls } from "../recent-calls/recent-calls.ts";
import { hasInjections, injectionsOf } from "../store/catalog/injections.ts";
import { serversOf } from "../store/catalog/nfs-mounts.ts";
import type { Supervision } from "../supervisor/supervision.ts";
import type { EventStream } from "../telemetry/event-stream.ts";
import type { Machines } from "./open-machines.ts";
import type { Services } from "./open-services.ts";
import type { State } from "./open-state.ts";
import type { Telemetry } from "./open-telemetry.ts";

export type Dispatch = Awaited<ReturnType<typeof openDispatch>>;

export interface DispatchNeeds {
  state: State;
  machines: Machines;
  services: Services;
  telemetry: Telemetry;
  events: EventStream;
  supervision: Supervision | undefined;
  /** Whether apps are developed on this server. */
  isDevelopment: boolean;
  /** Called at the first call of a machine, when the apps that are served are known. */
  served: () => ServedApps;
  /** Takes the calls that functions make of functions: a call of a durable function starts an execution. */
  waiting: () => Dispatcher;
}

export async function openDispatch(
  start: ServerStart,
  {
    state: { catalog, accounts, logs, history, lambdaStore },
    machines: { driver, egress, authority },
    services,
    telemetry: { metrics, exported, tracing, traces },
    events,
    supervision,
    isDevelopment,
    served,
    waiting,
  }: DispatchNeeds,
) {
  const { clock } = start;
  const kinds = openKinds(start, catalog, driver);
  const internal = new InternalCalls({
    services: services.inside,
    streams: services.streams,
    traces,
    ...createInternalRoutes({
      names: catalog.names,
      revision: (app, id) => catalog.revision(app, id),
      wholeOf: (app) => served().wholeOf(app),
      reach: (app, revision) => served().reach(app, revision),
    }),
    dispatcher: waiting,
  });
  const dispatcher = await openDispatcher(start, {
    driver,
    prepare: (kind) => kinds.prepareKind(kind),
    catalog,
    accounts,
    used: (usage) => metrics?.used(usage),
    carried: metrics && ((...what) => metrics.carried(...what)),
    logged: exported?.logged,
    tracing,
    logs,
    events,
    egress: (version, tell, calling) =>
      internal.around(
        version,
        egress.of(version.app, version.manifest.network, { injections: injectionsOf(catalog, version), tell }),
        calling,
      ),
    authority: async ({ manifest }) => (hasInjections(manifest) ? authority.certificate() : undefined),
    mountsEgress: (version) => internal.mounting(version, egress.ofMounts(version.app, serversOf(version.manifest.mounts ?? []))),
    lambda: (version) => lambdaFactsOf({ store: lambdaStore, catalog }, version),
    serving: (app, serves) => supervision?.serving(app, serves),
  });
  const recentCalls = isDevelopment ? new RecentCalls({ dispatcher, events, clock, bootId: createBootId(clock.wall()) }) : undefined;
  const calls: Dispatcher = recentCalls ?? dispatcher;
  history.watch(() => dispatcher.machines());
  return { kinds, dispatcher, recentCalls, calls };
}
