/**
 * The whole platform, and the only place that wires rooms together. `startMayfly` is its table of contents. What a step opens is closed in
 * reverse order, at the end or when a later step fails. The file is long because each room is wired here, once, in the order of what needs what.
 */
import { join } from "node:path";
import { assertSafeAddress, parseAddress, portOf } from "./base/listen/address.ts";
import { openAppliancesOf, openDefinitionsOf } from "./appliances/open-on-server.ts";
import { type Certificate, namesIn, readCertificate } from "./base/listen/certificate.ts";
import { pinOf } from "./doors/admin/pinned.ts";
import { ensureToken } from "./doors/admin/token.ts";
import { type Clock, systemClock } from "./base/clock/clock.ts";
import { FairTurns } from "./clients/fair-turns.ts";
import { Shares } from "./clients/shares.ts";
import { assertDescriptors, type DescriptorBudget, descriptorBudget, descriptorLimit } from "./clients/descriptors.ts";
import { mainTenant } from "./base/ids/new-id.ts";
import { usualChoice } from "./base/kind/machine-kind.ts";
import type { Config } from "./base/config/schema.ts";
import type { ServerStart } from "./base/config/server-start.ts";
import type { ServiceName } from "./base/network/internal.ts";
import { createBootId } from "./dispatch/boot-id.ts";
import type { Dispatcher } from "./dispatch/invocation.ts";
import type { LiveDispatcher } from "./dispatch/live-dispatcher.ts";
import { openDispatcher } from "./dispatch/open-dispatcher.ts";
import { openLookUpTxt } from "./egress/look-up-txt.ts";
import { openEgress } from "./egress/open-egress.ts";
import { openApi, openBeside, openGateway, openHostCertificates, renewCertificates } from "./doors/open-doors.ts";
import { WrongCredentials } from "./clients/wrong-credentials.ts";
import { openAcme } from "./doors/acme/open-acme.ts";
import { openAws } from "./doors/aws/open-aws.ts";
import { openMetricsDoor } from "./doors/metrics/open-metrics-door.ts";
import { openHooks } from "./doors/hooks/open-hooks.ts";
import { openGate } from "./doors/access/open-gate.ts";
import { callersOf } from "./doors/access/token.ts";
import { openExecutions } from "./durable/open-executions.ts";
import { openInvoking } from "./doors/lambda/open-invoking.ts";
import { openLambda } from "./doors/lambda/open-lambda.ts";
import { createNfsDoor } from "./doors/nfs/nfs-door.ts";
import { openS3 } from "./doors/s3/open-s3.ts";
import { notifying } from "./doors/s3/notify.ts";
import { objectLimits, openObjects } from "./services/objects/open-objects.ts";
import { openInsideSqs, openSqs } from "./doors/sqs/open-sqs.ts";
import { openQueueSources } from "./events/sources/queue-sources.ts";
import { openQueues } from "./services/queues/open-queues.ts";
import { firstOf } from "./doors/admin/listen.ts";
import { lambdaFactsOf } from "./control/lambda/lambda-facts.ts";
import { serversOf } from "./store/catalog/nfs-mounts.ts";
import { RouteTable } from "./doors/http/routes.ts";
import { InternalCalls } from "./doors/internal/internal-calls.ts";
import type { ServiceDoor, StreamDoor } from "./doors/internal/service-door.ts";
import { createKvDoor } from "./doors/kv/kv-door.ts";
import { createMachineDoor } from "./doors/redis/machine-door.ts";
import { openRedis } from "./doors/redis/open-redis.ts";
import { createSqlDoor } from "./doors/sql/sql-door.ts";
import { openSql } from "./services/sql/open-sql.ts";
import { openKv } from "./services/kv/open-kv.ts";
import { createOverview } from "./control/create-overview.ts";
import type { Urls } from "./control/overview.ts";
import { openCanaryWatch } from "./control/open-canary-watch.ts";
import { releaseUnmade } from "./control/appliances.ts";
import { nameOfId, tenantInUrl, tenantOfUrl } from "./control/names.ts";
import { nameSeen } from "./control/seen.ts";
import { resumeRemovals } from "./control/tenants.ts";
import { openDurable } from "./control/open-durable.ts";
import { openExportOf, openMetricsOf, readingsOf } from "./control/open-metrics.ts";
import { createShares } from "./control/shares.ts";
import { createInternalRoutes } from "./control/internal-routes.ts";
import { openKinds } from "./control/open-kinds.ts";
import { openServing } from "./control/open-serving.ts";
import type { ServedApps } from "./control/served-apps.ts";
import { type Catalog, LIVE } from "./store/catalog/catalog.ts";
import { hasInjections, injectionsOf } from "./store/catalog/injections.ts";
import { keepAccounts } from "./store/ledger/keep-accounts.ts";
import {
  openAuditOf,
  openAuthorityOf,
  openCatalogOf,
  openLambdaStoreOf,
  openPrincipalsOf,
  openStores,
  requestMakerOf,
} from "./store/open-stores.ts";
import { openServerLog } from "./store/logs/server-log.ts";
import { lockFolders } from "./store/state-folder/lock-folders.ts";
import type { StateLock } from "./store/state-folder/lock.ts";
import { RecentCalls } from "./recent-calls/recent-calls.ts";
import { openAccessLog } from "./telemetry/access-log/open-access-log.ts";
import { EventStream } from "./telemetry/event-stream.ts";
import { openDriver, openQemuHost } from "./machines/open-driver.ts";
import { createUids } from "./base/uids/uids.ts";
import { counted } from "./base/words/counted.ts";
import { type Supervision, tellLostCalls } from "./supervisor/supervision.ts";

export interface Hooks {
  /** Called before each step that may take over a second, with a text about it. */
  progress?: (step: string) => void;
  /** Called when the last of those steps is done. */
  prepared?: () => void;
  clock?: Clock;
  supervision?: Supervision;
  /** If set, apps are developed on this server: calls can be watched, held and replayed. */
  development?: {
    /** The folder for the addresses of machines' inspectors: see ProcessDriverOptions. */
    inspectDir?: string | undefined;
  };
}

export interface Running {
  /** Without a trailing slash. */
  readonly gatewayUrl: string;
  readonly apiUrl: string;
  /** Where metrics and health are had without a token; undefined: nowhere. */
  readonly telemetryUrl: string | undefined;
  readonly token: string;
  /** `detail` says which driver was chosen, why, and which others this host offers. */
  readonly driver: { name: string; detail: string };
  /** Reads the certificate and the key that the settings name again. If they are not usable, the old ones stay in use, and the log says why. */
  renewCertificates(): void;
  /** On a server that apps are developed on: lets calls of an app of the tenant `main` wait until release(), at most for so many milliseconds. */
  hold(app: string, ms: number): void;
  release(app: string): void;
  /** The number of invocations that wait or run, by app. */
  inFlight(): [app: string, calls: number][];
  /** Lets invocations in flight finish for at most config.graceMs, then ends all that is left. Further calls return the same promise. */
  close(): Promise<void>;
}

const VERSION = "0.1.0";

/** Rejects with the obstacle ("unsafe-bind", "state-locked", "missing-part", "port-in-use", …), and leaves nothing behind then. */
export async function startMayfly(
  wished: Config,
  { progress = () => {}, prepared = () => {}, clock = systemClock, supervision, development }: Hooks = {},
): Promise<Running> {
  await using closing = new AsyncDisposableStack();
  const log = openServerLog(wished);
  const descriptors = descriptorBudget(descriptorLimit());
  const config = withinDescriptors(wished, descriptors, log);
  const start: ServerStart = { config, clock, log, closing };
  const events = new EventStream(clock, (error) => log.error({ err: error }, "a listener to the platform's events failed"));

  assertDescriptors();
  for (const address of [config.listen, config.api, config.lambda.listen, config.objects.listen, config.kv.redis.listen])
    if (address !== undefined) assertSafeAddress(address, config);
  const lock = lockFolders(start, supervision?.pid, () => supervision?.locked());
  const catalog = openCatalogOf(start, {
    filesForm: () => driver.attaches(usualChoice),
    codeBesides: (tenant) => lambdaStore.zipBytes(tenant),
  });
  // Appliances have their names before an older Mayfly's ledger and logs are taken over by names.
  const definitions = openDefinitionsOf(start, catalog.names);
  const stores = openStores(start, catalog, events);
  const { accounts, logs, history } = stores;
  const token = ensureToken(join(config.stateDir, "api-token"));
  const principals = openPrincipalsOf(start, token);
  const audit = openAuditOf(start);
  const lambdaStore = openLambdaStoreOf(start);
  tellLostCalls(supervision?.lost ?? [], stores);
  const uids = createUids();
  const qemuHost = openQemuHost(start, uids);
  const { driver, detail } = await openDriver(start, {
    qemuHost,
    uids,
    progress,
    inspectDir: development?.inspectDir,
    onCpuUsed: (cpuUs) => accounts.templateMade(cpuUs),
  });
  prepared();
  const urls = { gateway: "", api: "" };
  const authority = openAuthorityOf(start);
  const ownPorts = () => [urls.gateway, urls.api].map(portOf);
  const egress = openEgress({
    bound: config.egress.allow,
    ownPorts,
    certificates: authority,
    connections: descriptors.outside,
    clock,
    reached: config.egress.log
      ? ({ app, ...what }) => log.info({ app: nameSeen(catalog.names, { tenant: null, apps: null }, app), ...what }, "connected")
      : undefined,
  });
  keepAccounts(accounts, events);
  const metrics = openMetricsOf(start, { events, names: catalog.names, info: { version: VERSION, driver: driver.name } });
  const exported = openExportOf(start, { events, names: catalog.names, metrics, version: VERSION });
  const tracing = exported?.tracing;
  const traces = tracing?.contexts;
  const kinds = openKinds(start, catalog, driver);
  const { kv, commands } = openKv(start, { events, accounts, limitOf: (tenant) => catalog.tenants.limits(tenant).kvMb });
  const shares = createShares({ names: catalog.names, manifestOf: (app) => served.reach(app, LIVE)?.revision.manifest });
  const sql = openSql(start, {
    uids,
    events,
    accounts,
    tenantOf: (app) => catalog.tenants.tenantOf(app),
    nameOf: (app) => nameOfId(catalog.names, app),
  });
  const services = new Map<ServiceName, ServiceDoor>([
    ["kv", createKvDoor({ kv, shares, now: () => clock.wall() })],
    ["sql", createSqlDoor(sql)],
  ]);
  const queues = openQueues(start, { events, accounts, limitOf: (tenant) => catalog.tenants.limits(tenant).queuesMb });
  services.set("sqs", openInsideSqs(start, queues.queues));
  const streams = new Map<ServiceName, StreamDoor>();
  const internal = new InternalCalls({
    services,
    streams,
    traces,
    ...createInternalRoutes({
      names: catalog.names,
      revision: (app, id) => catalog.revision(app, id),
      wholeOf: (app) => served.wholeOf(app),
      reach: (app, revision) => served.reach(app, revision),
    }),
    // A call of a durable function starts an execution.
    dispatcher: () => invoking.waiting,
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
  const recentCalls =
    development !== undefined ? new RecentCalls({ dispatcher, events, clock, bootId: createBootId(clock.wall()) }) : undefined;
  const calls: Dispatcher = recentCalls ?? dispatcher;
  history.watch(() => dispatcher.machines());
  const certificate = config.tls && readCertificate(config.tls);
  const routes = routesOf(config, catalog, certificate, () => served);
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
    version: VERSION,
    clock,
    dispatcher,
    appliances,
    urls,
    supervision,
    catalog,
    driver: shown,
  });
  resume();
  releaseUnmade({ catalog, appliances });
  void appliances.resume(supervision?.lost ?? [], new Set(supervision?.leaveAlone), supervision?.apart);
  const wrong = new WrongCredentials(clock);
  const callees = { names: catalog.names, reach: (app: string, label: string) => served.reach(app, label) };
  const begins: Dispatcher = { dispatch: (...call) => invoking.starting.dispatch(...call) };
  const sources = openQueueSources(start, queues);
  const durable = openDurable(start, {
    callees,
    catalog,
    kv,
    objects: () => objects,
    queues: queues.queues,
    sources,
    dispatcher: begins,
    expecting: dispatcher,
    egress,
    logs,
    tracing,
    events,
  });
  const gate = openGate(start, {
    callers: callersOf(principals),
    signingKey: (app) => catalog.signingKeys.find(app),
    wrong,
    connections: (app, isPlain) => egress.ofHost(app, isPlain),
    tell: stores.tell,
  });
  const hostCertificates = await openHostCertificates(start);
  const acme = await openAcme(start, {
    wanted: () => routes.listedHosts(),
    isCovered: (host) => hostCertificates?.contextOf(host) !== undefined || isCertified(certificate, host),
    makeRequest: requestMakerOf(start),
    tell: stores.tell,
    httpsPort: () => portOf(urls.gateway),
  });
  const lambdaParts = { store: lambdaStore, catalog, serving, logs, events, principals, wrong };
  metrics?.readFrom(readingsOf(start, { dispatcher, accounts, events: durable.events }));
  const runs = openExecutions(start, events);
  const { executions } = runs;
  const invoking = openInvoking(start, {
    ...lambdaParts,
    dispatcher: calls,
    callees,
    durable,
    executions,
    sources,
    queues: queues.queues,
    traces,
    gatewayUrl: () => urls.gateway,
  });
  services.set("lambda", invoking.inside);
  const [places, turns] = [new Shares(descriptors.api), new FairTurns()];
  const aws = openAws(start, {
    durable,
    services,
    functions: invoking.target,
    principals,
    wrong,
    audit,
    catalog,
    places,
    turns,
  });
  const { targets, deliver } = notifying({
    functions: invoking.fromServices,
    queues: queues.queues,
    buses: durable.buses,
    triggers: durable.bucketTriggers,
  });
  const {
    objects,
    inside: insideObjects,
    start: startObjects,
  } = openObjects(start, {
    limitsOf: (tenant) => objectLimits(config, catalog.tenants.limits(tenant).objectsMb),
    accounts,
    deliver,
    hasApp: (app) => catalog.names.nameOf(app) !== undefined,
    events,
  });
  await durable.start();
  await runs.start(invoking.invoker);
  await queues.start();
  startObjects();
  goOnRemovingTenants(start, {
    catalog,
    lambda: lambdaStore,
    accounts,
    logs,
    principals,
    audit,
    appliances,
    events,
    serving,
    clock,
    objects,
    queues: queues.queues,
  });
  const accessLog = await openAccessLog(start);
  const gatewayParts = {
    dispatcher,
    calls,
    later: durable.later,
    starting: invoking.waiting,
    hooks: openHooks(start, { catalog, callees, durable, wrong }),
    routes,
    gate,
    certificate,
    hostCertificates: [hostCertificates, acme],
    urls: invoking.urls,
    catalog,
    accessLog,
    traces,
  };
  const gateway = await openGateway(start, supervision?.sockets.gateway, gatewayParts);
  closing.defer(() => recentCalls?.close());
  urls.gateway = gateway.url;
  let draining = false;
  const parts = {
    catalog,
    places,
    turns,
    lambda: lambdaStore,
    objects,
    accounts,
    history,
    logs,
    principals,
    audit,
    appliances,
    events,
    serving,
    overview,
    metrics: metrics ?? null,
    wrong,
    durable: { ...durable, callees },
    kv,
    sql,
    runs: executions,
    recentCalls,
    queues: queues.queues,
  };
  const lambda = openLambda(start, {
    ...lambdaParts,
    audit,
    invokeRoutes: invoking.routes,
    urlAddress: invoking.urlAddress,
    eventSources: { queues: queues.queues, batches: invoking.batches },
    isTls: certificate !== undefined,
    places,
    turns,
  });
  const sqs = openSqs(start, { queues: queues.queues, catalog, principals, wrong, audit, places, turns, isTls: certificate !== undefined });
  const beside = firstOf([sqs, aws, lambda]);
  const api = await openApi(start, supervision?.sockets.api, { parts, certificate, beside });
  urls.api = api.url;
  acme?.start();
  const s3 = openS3(start, {
    objects,
    insideObjects,
    shares,
    principals,
    wrong,
    places,
    audit,
    catalog,
    isTls: certificate !== undefined,
    targets,
  });
  services.set("s3", s3.inside);
  streams.set(
    "nfs",
    createNfsDoor({
      objects: insideObjects,
      shares,
      onError: (error) => log.error({ err: error }, "a bucket's files were not read"),
    }),
  );
  const telemetry = await openMetricsDoor(start, { metrics: metrics && (() => metrics.text()), isDraining: () => draining, certificate });
  const redis = openRedis(start, { commands, principals, wrong, catalog });
  if (config.kv.redis.machines) streams.set("redis", createMachineDoor(redis, shares));
  const besides = [
    ...telemetry,
    ...(await openBeside(start, certificate, beside)),
    ...(await openBeside(start, certificate, s3.beside, "objects.listen")),
    ...(await redis.listen(certificate)),
  ];
  announce(lock, urls, certificate);

  log.info({ ...urls, telemetry: telemetry[0]?.url, driver: detail }, "up");
  const opened = closing.move();
  /** Calls are still taken, and load balancers are told to send no more. */
  const drained = async () => {
    if (config.drainMs === 0) return;
    draining = true;
    gateway.drain();
    log.info({ ms: config.drainMs }, "draining: calls are still taken");
    await new Promise<void>((resolve) => clock.after(config.drainMs, resolve));
  };
  let stopped: Promise<void> | undefined;
  return {
    gatewayUrl: urls.gateway,
    apiUrl: urls.api,
    telemetryUrl: telemetry[0]?.url,
    token,
    driver: { name: driver.name, detail },
    renewCertificates() {
      renewCertificates(start, [gateway, api, ...besides], (renewed) => announce(lock, urls, renewed));
      void hostCertificates?.refresh();
    },
    hold: (app, ms) => {
      const id = catalog.names.known(mainTenant, app);
      if (id !== undefined) recentCalls?.hold(id, ms);
    },
    release: (app) => {
      const id = catalog.names.known(mainTenant, app);
      if (id !== undefined) recentCalls?.release(id);
    },
    inFlight: () => dispatcher.inFlight(),
    close: () => (stopped ??= drained().then(() => stop(opened, start, dispatcher))),
  };
}

/** Each machine takes some descriptors, so that there may be fewer machines than the settings say. */
function withinDescriptors(config: Config, { machines }: DescriptorBudget, log: ServerStart["log"]): Config {
  if (config.maxMachines <= machines) return config;
  const cure = "raise its limit of open files (ulimit -n, LimitNOFILE in its unit)";
  log.warn({ maxMachines: machines, wished: config.maxMachines }, `this process may open too few files for maxMachines: ${cure}`);
  return { ...config, maxMachines: machines };
}

/** @param served called at the first look-up, when the apps that are served are known */
function routesOf(
  config: Config,
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

/** Whether the server's own certificate is for the host. */
function isCertified(certificate: Certificate | undefined, host: string): boolean {
  const above = `*${host.slice(Math.max(0, host.indexOf(".")))}`;
  return certificate !== undefined && namesIn(certificate.cert).some((name) => name === host || name === above);
}

/** A server that was killed may have left a tenant half removed. */
function goOnRemovingTenants({ log }: ServerStart, parts: Parameters<typeof resumeRemovals>[0]): void {
  resumeRemovals(parts).catch((error: unknown) => log.error({ err: error }, "a tenant is not removed yet; the next start tries again"));
}

async function stop(opened: AsyncDisposableStack, { log }: ServerStart, dispatcher: LiveDispatcher): Promise<void> {
  await opened.disposeAsync();
  // The dispatcher was closed by that; this second call only returns how many calls were cut off.
  const cutOff = await dispatcher.close(0);
  log.info({ cutOff }, cutOff === 0 ? "stopped; no call was cut off" : `stopped; ${counted(cutOff, "call")} cut off by the end of graceMs`);
}

function announce(lock: StateLock, urls: Urls, certificate: Certificate | undefined): void {
  lock.announce({ urls, ...(certificate && { certificate: pinOf(certificate.cert) }) });
}
