/** Begins to serve the apps and appliances that were deployed: they have their routes, and their machines may start. */
import { openAppliancesOf } from "../appliances/open-on-server.ts";
import type { ServerStart } from "../base/config/server-start.ts";
import { type Certificate, namesIn, readCertificate } from "../base/listen/certificate.ts";
import { parseAddress } from "../base/listen/address.ts";
import { releaseUnmade } from "../control/appliances.ts";
import { createHostReport } from "../control/host-report.ts";
import { createOverview } from "../control/create-overview.ts";
import { tenantInUrl, tenantOfUrl } from "../control/names.ts";
import { openCanaryWatch } from "../control/open-canary-watch.ts";
import { openServing } from "../control/open-serving.ts";
import type { Urls } from "../control/overview.ts";
import type { ServedApps } from "../control/served-apps.ts";
import { descriptorBudget, descriptorLimit } from "../clients/descriptors.ts";
import { createBootId } from "../dispatch/boot-id.ts";
import { policyOptions } from "../dispatch/open-policy.ts";
import { RouteTable } from "../doors/http/routes.ts";
import { openLookUpTxt } from "../egress/look-up-txt.ts";
import { lookAtHost } from "../setup/look-at-host.ts";
import type { Catalog } from "../store/catalog/catalog.ts";
import { lookAtReserves } from "../store/state-folder/look-at-reserves.ts";
import type { Supervision } from "../supervisor/supervision.ts";
import type { EventStream } from "../telemetry/event-stream.ts";
import type { Dispatch } from "./open-dispatch.ts";
import type { Machines } from "./open-machines.ts";
import type { State } from "./open-state.ts";

export type Apps = ReturnType<typeof openApps>;

export interface AppsNeeds {
  state: State;
  machines: Machines;
  dispatch: Dispatch;
  events: EventStream;
  supervision: Supervision | undefined;
  urls: Urls;
  version: string;
}

export function openApps(
  start: ServerStart,
  {
    state: { stores, catalog, definitions },
    machines: { driver, detail, egress, authority, qemuHost },
    dispatch: { dispatcher, kinds },
    events,
    supervision,
    urls,
    version,
  }: AppsNeeds,
) {
  const { config, clock } = start;
  const certificate = config.tls && readCertificate(config.tls);
  const routes = routesOf(start, catalog, certificate, () => served);
  const appliances = openAppliancesOf(start, stores, {
    definitions,
    qemuHost,
    bootId: createBootId(clock.wall()),
    egress: (id) => egress.ofAppliance(id),
    starting: (id) => supervision?.starting(id),
    takenUp: (id) => supervision?.takenUp(id),
  });
  const { served, serving, resume } = openServing(start, stores, {
    dispatcher,
    routes,
    lookUpTxt: config.proofServers.length === 0 ? undefined : openLookUpTxt(config.proofServers),
    kinds,
    kernels: driver.kernels,
    attaches: (choice) => driver.attaches(choice) !== undefined,
    driver,
    problemsOf: (network) => egress.problems(network),
    authority,
    problemsOfServers: (servers) => egress.problemsOfServers(servers),
  });
  openCanaryWatch(start, stores, { serving, events });
  const shown = { name: driver.name, detail, damage: () => driver.damage?.() ?? null };
  const overview = createOverview({
    recall: (app) => served.recall(app),
    version,
    clock,
    dispatcher,
    appliances,
    urls,
    supervision,
    catalog,
    driver: shown,
    reserves: () => lookAtReserves(config.stateDir),
  });
  const descriptors = descriptorLimit();
  const hostReport = createHostReport({
    ...start,
    driver: shown,
    bounds: policyOptions(config),
    descriptors: { limit: descriptors, ...descriptorBudget(descriptors) },
    look: lookAtHost(config),
    onFailure: (error) => start.log.warn({ err: error }, "the use of the disk was not measured"),
  });
  resume();
  releaseUnmade({ catalog, appliances });
  void appliances.resume(supervision?.lost ?? [], new Set(supervision?.leaveAlone), supervision?.apart);
  const callees = { names: catalog.names, reach: (app: string, label: string) => served.reach(app, label) };
  return { certificate, routes, appliances, served, serving, overview, hostReport, callees };
}

/** @param served called at the first look-up, when the apps that are served are known */
function routesOf(
  { config }: ServerStart,
  { names, provenHosts }: Catalog,
  certificate: Certificate | undefined,
  served: () => ServedApps,
): RouteTable {
  return new RouteTable({
    domain: config.domain,
    listenHosts: [config.listen, config.api].map((address) => parseAddress(address).host),
    certified: certificate === undefined ? [] : namesIn(certificate.cert),
    allowed: config.hosts,
    isProven(tenant, name, host) {
      const app = names.known(tenant, name);
      return app !== undefined && provenHosts.has(app, host);
    },
    isTenant: (label) => tenantOfUrl(names, label, true) !== undefined,
    tenantName: (tenant) => tenantInUrl(names, tenant),
    // An app is looked up even where there is no such tenant: the time of a refusal does not tell which tenants there are.
    load: (tenant, name, asHost) => served().load(tenantOfUrl(names, tenant, asHost) ?? NO_TENANT, name, asHost),
    preview: (tenant, name, label, asHost) => served().preview(tenantOfUrl(names, tenant, asHost) ?? NO_TENANT, name, label, asHost),
  });
}

/** The id that no tenant has. */
const NO_TENANT = "";
