/** Opens what the use cases ask of the running system: the apps that are served, and whether and how more can be. */
import type { ServerStart } from "../base/config/server-start.ts";
import type { LiveDispatcher } from "../dispatch/live-dispatcher.ts";
import { policyOptions } from "../dispatch/open-policy.ts";
import type { Stores } from "../store/open-stores.ts";
import { nameOfId } from "./names.ts";
import type { PreparedKinds } from "./prepared-kinds.ts";
import { resumeApps, tellUnreadable } from "./resume.ts";
import { ServedApps, type ServedAppsOptions } from "./served-apps.ts";
import { createServing, type Serving, type ServingParts } from "./serving.ts";

/** How often apps are looked at that nobody calls. */
const REST_MS = 60_000;

interface ServingNeeds {
  dispatcher: LiveDispatcher;
  routes: ServedAppsOptions["routes"];
  kinds: PreparedKinds;
  kernels: ServingParts["kernels"];
  attaches: ServingParts["attaches"];
  problemsOf: ServingParts["problemsOf"];
}

export interface OpenServing {
  served: ServedApps;
  serving: Serving;
  /** Called once, when all that an app needs is open. See resumeApps() and tellUnreadable(). */
  resume: () => void;
}

export function openServing(
  start: ServerStart,
  stores: Stores,
  { dispatcher, routes, kinds, kernels, attaches, problemsOf }: ServingNeeds,
): OpenServing {
  const { config, clock, log, closing } = start;
  const { catalog } = stores;
  const served = new ServedApps({
    dispatcher,
    routes,
    catalog,
    warn: (text) => log.warn(text),
    inert: ({ network }) => problemsOf(network).map((problem) => `An entry of network.allow has no effect: ${problem}.`),
    tell: stores.tell,
    complain: (app, error) => complain(start, stores, app, error),
  });
  closing.defer(clock.every(REST_MS, () => served.rest()));
  const machines = () => dispatcher.machines();
  const { kernel: usualKernel } = config;
  const serving = createServing({
    served,
    clock,
    machines,
    kinds,
    kernels,
    attaches,
    usualKernel,
    problemsOf,
    most: policyOptions(config),
  });
  const resume = () => {
    const unprepared = (kind: object, error: unknown) => log.error({ err: error, ...kind }, "machines of this kind cannot be prepared");
    void resumeApps({ catalog, served, prepare: (choice) => kinds.prepare(choice), unprepared });
    const looking = new AbortController();
    closing.defer(() => looking.abort());
    void tellUnreadable({ catalog, served }, looking.signal);
  };
  return { served, serving, resume };
}

/** Writes to the server's log and to the app's that the app cannot be served. */
function complain({ log }: ServerStart, { catalog, note }: Stores, app: string, error: unknown): void {
  log.error({ err: error, app: nameOfId(catalog.names, app) }, "the app cannot be served");
  note(app, `The app is not served: ${error instanceof Error ? error.message : String(error)}`);
}
