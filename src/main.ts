/**
 * The whole platform, and the only place that wires rooms together. `startMayfly` is its table of contents; what a step opens is closed in
 * reverse order, at the end or when a later step fails. The file is long because every room's options are filled here.
 */
import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import type { Logger } from "pino";
import { assertSafeBind, parseAddress, portOf } from "./base/listen/address.ts";
import { type Appliances, openAppliances } from "./appliances/appliances.ts";
import { type Certificate, readCertificate } from "./base/listen/certificate.ts";
import { pinOf } from "./doors/admin/pinned.ts";
import { ensureToken } from "./doors/admin/token.ts";
import { lackingSecret } from "./store/catalog/lacking-secrets.ts";
import { lackingKernel } from "./store/catalog/lacking-kernel.ts";
import { openSeal } from "./store/catalog/seal.ts";
import { openCatalog } from "./store/catalog/sqlite.ts";
import { type Clock, systemClock } from "./base/clock/clock.ts";
import { assertDescriptors } from "./clients/descriptors.ts";
import type { Config } from "./base/config/schema.ts";
import { createBootId } from "./dispatch/boot-id.ts";
import { createDispatcher } from "./dispatch/dispatcher.ts";
import { KindBook } from "./dispatch/kind-book.ts";
import type { LiveDispatcher, PolicyInsight } from "./dispatch/live-dispatcher.ts";
import { recordPolicy } from "./dispatch/recorder.ts";
import { type EgressOfServer, openEgress } from "./egress/open-egress.ts";
import { openApi, openGateway, renewCertificates } from "./doors/open-doors.ts";
import { RouteTable } from "./doors/http/routes.ts";
import { createOverview } from "./control/create-overview.ts";
import type { Urls } from "./control/overview.ts";
import { releaseUnmade } from "./control/appliances.ts";
import { isNamed, nameOfId, tenantInUrl, tenantOfUrl } from "./control/names.ts";
import { resumeApps, tellUnreadable } from "./control/resume.ts";
import { mainTenant } from "./base/ids/new-id.ts";
import { definitionsFile, openDefinitions } from "./appliances/definitions.ts";
import { ServedApps } from "./control/served-apps.ts";
import { createServing, type Serving } from "./control/serving.ts";
import { PreparedKinds } from "./control/prepared-kinds.ts";
import { createAccounts } from "./store/ledger/create-accounts.ts";
import { writeLimitLines } from "./store/ledger/limit-lines.ts";
import { keepAccounts } from "./store/ledger/keep-accounts.ts";
import { EventStream } from "./telemetry/event-stream.ts";
import { createLedger } from "./store/ledger/create-ledger.ts";
import { openLogs } from "./store/logs/open-logs.ts";
import { logSteps, openServerLog } from "./store/logs/server-log.ts";
import type { Driver } from "./machines/driver.ts";
import { kindOf, usualChoice } from "./base/kind/machine-kind.ts";
import { joinServerGroup } from "./machines/host/cgroup/server-group.ts";
import { type ChosenDriver, chooseDriver } from "./machines/drivers.ts";
import { createQemuHost, type QemuHost } from "./machines/host/qemu/qemu-host.ts";
import { createUids } from "./machines/host/uids.ts";
import { createFleet } from "./fleet/create-fleet.ts";
import { createPackingPolicy, type PackingOptions } from "./policy/packing.ts";
import { type BoundPolicy, bindPolicy } from "./policy/bind-policy.ts";
import { restsSince } from "./policy/at-rest.ts";
import { explainApp, slotsOf } from "./policy/explain.ts";
import { LogLevel } from "./wire/protocol.ts";
import { counted } from "./base/words/counted.ts";
import { type LostCalls, lostCallsInWords } from "./supervisor/lost-calls.ts";
import { lockStateFolder, type StateLock } from "./store/state-folder/lock.ts";
import { lendForStart, openReserve } from "./store/state-folder/reserve.ts";
import { openCacheFolder, openRunFolder, openStateFolder } from "./store/state-folder/open-folders.ts";

export interface Hooks {
  /** Called before each step that may take over a second, with a text about it. */
  progress?: (step: string) => void;
  /** Called when the last of those steps is done. */
  prepared?: () => void;
  clock?: Clock;
  supervision?: Supervision;
}

/** What a supervisor gives to its worker, and what the worker reports to it. */
interface Supervision {
  pid: number;
  /** File descriptors of sockets that are bound already; they replace the addresses in the settings. */
  sockets: { gateway: number; api: number };
  /** Milliseconds since the epoch. */
  startedAt: number;
  /** The latest deaths of earlier workers, oldest first. */
  deaths: { at: number; reason: string; livedMs: number }[];
  restarts: number;
  /** Calls that were cut off by those deaths and are not yet mentioned in their apps' logs. */
  lost: LostCalls[];
  /** Ids of appliances that must not be resumed. */
  leaveAlone: string[];
  /** Called when this worker has locked the state folder. */
  locked: () => void;
  starting: (appliance: string) => void;
  /** Called when an app has its first machine (`serves` is true) and when it has none any more. */
  serving: (app: string, serves: boolean) => void;
  takenUp: (appliance: string) => void;
}

export interface Running {
  /** Without a trailing slash. */
  readonly gatewayUrl: string;
  readonly apiUrl: string;
  readonly token: string;
  /** `detail` says which driver was chosen, why, and which others this host offers. */
  readonly driver: { name: string; detail: string };
  /** Reads the certificate and the key that the settings name again. If they are not usable, the old ones stay in use, and the log says why. */
  renewCertificates(): void;
  /** The number of invocations that wait or run, by app. */
  inFlight(): [app: string, calls: number][];
  /** Lets invocations in flight finish for at most config.graceMs, then ends all that is left. Further calls return the same promise. */
  close(): Promise<void>;
}

/** What every step receives. */
interface Start {
  config: Config;
  clock: Clock;
  log: Logger;
  events: EventStream;
  progress: (step: string) => void;
  /** The steps register here what has to be closed. */
  closing: AsyncDisposableStack;
  supervision: Supervision | undefined;
}

/** Rejects with the obstacle ("unsafe-bind", "state-locked", "missing-part", "port-in-use", …), and leaves nothing behind then. */
export async function startMayfly(
  config: Config,
  { progress = () => {}, prepared = () => {}, clock = systemClock, supervision }: Hooks = {},
): Promise<Running> {
  await using closing = new AsyncDisposableStack();
  const log = openServerLog(config);
  const events = new EventStream(clock, (error) => log.error({ err: error }, "a listener to the platform's events failed"));
  const start: Start = { config, clock, log, events, progress, closing, supervision };

  assertDescriptors();
  for (const address of [config.listen, config.api]) assertSafeBind(address, config);
  const notices = openStateFolder(config.stateDir);
  if (lendForStart(join(config.stateDir, "reserve"), config.stateDir)) notices.push(DISK_FULL);
  openCacheFolder(config.cacheDir);
  const lock = closing.adopt(lockStateFolder(config.stateDir, supervision?.pid), (held) => held.release());
  supervision?.locked();
  for (const notice of notices) start.log.warn(notice);
  const state = openState(start);
  tellLostCalls(start, state);
  const qemuHost = openQemuHost(start);
  const chosen = await openDriver(start, state, qemuHost);
  prepared();
  const urls = { gateway: "", api: "" };
  const egress = openEgress({ bound: config.egress.allow, ownPorts: () => [urls.gateway, urls.api].map(portOf) });
  const kinds = openKinds(start, state, chosen.driver);
  const dispatcher = await openDispatcher(start, state, { driver: chosen.driver, kinds, egress });
  const { names } = state.catalog;
  const routes = new RouteTable({
    domain: config.domain,
    listenHost: parseAddress(config.listen).host,
    allowed: config.hosts,
    isTenant: (label) => tenantOfUrl(names, label, true) !== undefined,
    tenantName: (tenant) => tenantInUrl(names, tenant),
    load(tenant, name, asHost) {
      const id = tenantOfUrl(names, tenant, asHost);
      return id !== undefined && served.load(id, name, asHost);
    },
  });
  const appliances = startAppliances(start, state, egress, qemuHost);
  const served = openServedApps(start, state, { dispatcher, routes, egress });
  closing.defer(clock.every(REST_MS, () => served.rest()));
  const serving = createServingOf(start, { served, dispatcher, chosen, kinds, egress });
  const overview = createOverview({
    recall: (app) => served.recall(app),
    version: VERSION,
    clock,
    dispatcher,
    appliances,
    urls,
    supervision,
    catalog: state.catalog,
    driver: { name: chosen.driver.name, detail: chosen.detail, damage: () => chosen.driver.damage?.() ?? null },
  });
  const unprepared = (kind: object, error: unknown) => start.log.error({ err: error, ...kind }, "machines of this kind cannot be prepared");
  void resumeApps({ catalog: state.catalog, served, prepare: (choice) => kinds.prepare(choice), unprepared });
  const looking = new AbortController();
  closing.defer(() => looking.abort());
  void tellUnreadable({ catalog: state.catalog, served }, looking.signal);
  releaseUnmade({ catalog: state.catalog, appliances });
  void appliances.resume(new Set(supervision?.leaveAlone), supervision?.lost ?? []);
  const certificate = config.tls && readCertificate(config.tls);
  const gateway = await openGateway({ ...start, socket: supervision?.sockets.gateway }, dispatcher, routes, certificate);
  urls.gateway = gateway.url;
  const onError = (error: unknown) => start.log.error({ err: error }, "the API failed");
  const api = await openApi(
    { ...start, socket: supervision?.sockets.api },
    { ...state, appliances, events, serving, overview, onError },
    certificate,
  );
  urls.api = api.url;
  announce(lock, urls, certificate);

  start.log.info({ ...urls, driver: chosen.detail }, "up");
  const opened = closing.move();
  const stop = async () => {
    await opened.disposeAsync();
    // The dispatcher was closed above; this second call only returns how many calls were cut off.
    const cutOff = await dispatcher.close(0);
    start.log.info(
      { cutOff },
      cutOff === 0 ? "stopped; no call was cut off" : `stopped; ${counted(cutOff, "call")} cut off by the end of graceMs`,
    );
  };
  let stopped: Promise<void> | undefined;
  return {
    gatewayUrl: urls.gateway,
    apiUrl: urls.api,
    token: state.token,
    driver: { name: chosen.driver.name, detail: chosen.detail },
    renewCertificates: () => renewCertificates(start, [gateway, api], (renewed) => announce(lock, urls, renewed)),
    inFlight: () => dispatcher.inFlight(),
    close: () => (stopped ??= stop()),
  };
}

type State = ReturnType<typeof openState>;

interface Wired {
  dispatcher: LiveDispatcher;
  served: ServedApps;
  chosen: ChosenDriver;
  kinds: PreparedKinds;
  egress: EgressOfServer;
}

const VERSION = "0.1.0";
/** How often apps are looked at that nobody calls. */
const REST_MS = 60_000;
const DISK_FULL =
  "The disk of the state folder is full: half of what is held in reserve was given up for this start. Free space, or remove apps";

function openState({ config, clock, log, events, closing }: Start) {
  const { stateDir, prices, revisionsKept, maxAppCodeMb, maxCodeMb, maxLogMb } = config;
  const inState = (name: string) => join(stateDir, name);
  const complain = (what: string) => (error: unknown) => log.error({ err: error }, what);
  const catalog = openCatalog(inState("catalog.db"), inState("secrets.key"), {
    clock,
    revisionsKept,
    quota: { perApp: maxAppCodeMb * 2 ** 20, inAll: maxCodeMb * 2 ** 20 },
    reserve: openReserve(inState("reserve"), stateDir),
    onFailure: complain("what was removed is not given back to the disk"),
  });
  closing.defer(() => catalog.close());
  const { names } = catalog;
  const applianceId = (name: string) => {
    const holder = names.holder(mainTenant, name);
    return holder?.kind === "appliance" ? holder.id : names.claimForAppliance(mainTenant, name);
  };
  const definitions = openDefinitions(definitionsFile(stateDir), openSeal(inState("secrets.key"), false), applianceId);
  closing.defer(() => definitions.close());
  const idOf = (name: string) => names.known(mainTenant, name) ?? names.appId(mainTenant, name);
  const ledger = createLedger(inState("ledger.db"), { idOf, clock, onFailure: complain("the ledger was not written") });
  closing.defer(() => ledger.close());
  const onFailure = (app: string, error: unknown) => log.error({ err: error, app: nameOfId(names, app) }, "a log failed");
  const logs = openLogs(inState("logs"), { idOf, clock, totalBytes: maxLogMb * 2 ** 20, onFailure });
  closing.defer(() => logs.close());
  writeLimitLines(events, (app, text) => {
    log.warn({ app: nameOfId(names, app) }, text);
    logs.append({ at: clock.wall(), app, level: LogLevel.Platform, text });
  });
  const accounts = createAccounts({ ledger, prices, clock, events });
  closing.defer(() => accounts.close());
  return { catalog, definitions, accounts, logs, token: ensureToken(inState("api-token")) };
}

/** Tells the apps' logs about the calls that died with earlier workers: the callers saw only a closed connection. */
function tellLostCalls({ supervision }: Start, { catalog, logs }: State): void {
  for (const { apps, ...death } of supervision?.lost ?? [])
    for (const [app, calls] of apps)
      if (isNamed(catalog.names, app)) logs.append({ at: death.at, app, level: LogLevel.Platform, text: lostCallsInWords(death, calls) });
}

/**
 * The jail is in the state folder, because QEMU's root folder contains programs and devices, and /run is often mounted so that neither
 * works there.
 */
function openQemuHost({ config, closing }: Start): QemuHost {
  const host = createQemuHost({ cacheDir: config.cacheDir, jailDir: join(config.stateDir, "run"), uids: createUids() });
  closing.defer(() => host.close());
  return host;
}

/** The driver's prepare() also removes the machines that a killed server left behind. */
async function openDriver(start: Start, { accounts }: State, qemuHost: QemuHost): Promise<ChosenDriver> {
  const { config, clock, log, progress, closing } = start;
  const { cacheDir, runDir, kernel, osvKernel } = config;
  closing.defer(openRunFolder(runDir));
  const surroundings = {
    cacheDir,
    runDir,
    qemuHost,
    clock,
    progress,
    warn: (text: string) => log.warn(text),
    kernel,
    osvKernel,
    onCpuUsed: (cpuUs: number) => accounts.templateMade(cpuUs),
  };
  const chosen = await chooseDriver(config.driver, surroundings);
  closing.defer(() => chosen.driver.close());
  await chosen.driver.prepare(progress, usualChoice);
  return { ...chosen, detail: `${chosen.detail}${takeShareOfCpu(start)}` };
}

/**
 * Moves the server into a control group with a CPU share of its own. This happens after the driver was prepared, because the build of an
 * image must not take precedence over everything else on the host. Returns a clause for the end of the driver's detail: empty, or why there
 * is no such share.
 */
function takeShareOfCpu({ closing }: Start): string {
  const group = joinServerGroup();
  closing.defer(() => group.leave());
  return group.lacks === undefined ? "" : `; the server has no CPU share of its own: ${group.lacks}`;
}

async function openDispatcher(
  start: Start,
  { catalog, accounts, logs }: State,
  { driver, kinds, egress }: { driver: Driver; kinds: PreparedKinds; egress: EgressOfServer },
): Promise<LiveDispatcher> {
  const { config, clock, log, events, closing } = start;
  const bootId = createBootId(clock.wall());
  const fleet = createFleet({
    driver,
    prepare: (kind) => kinds.prepare(kind),
    clock,
    bootId,
    bundles: ({ id }) => catalog.bundles(id),
    secrets: ({ app, manifest }) => catalog.secrets(app, manifest.secrets),
    egress: ({ app, manifest }) => egress.of(app, manifest.network),
    usage: accounts,
    report: (text) => log.warn(text),
  });
  const policy = await openPolicy(start);
  keepAccounts(accounts, events);
  const dispatcher = createDispatcher({
    ...policy,
    fleet,
    clock,
    bootId,
    logs,
    accounts,
    events,
    lacks: (version) => lackingKernel(version.manifest, driver.kernels) ?? lackingSecret(catalog, version),
    kinds: new KindBook(config.kernel),
    serving: (app, serves) => start.supervision?.serving(app, serves),
  });
  closing.defer(async () => void (await dispatcher.close(config.graceMs)));
  return dispatcher;
}

async function openPolicy({ config, events, closing }: Start): Promise<{ policy: BoundPolicy; insight: PolicyInsight }> {
  const { record } = config;
  const options = policyOptions(config);
  const packing = createPackingPolicy(options);
  const { state } = packing;
  const insight = {
    slotsOf: (app: string) => slotsOf(state, app),
    explain: (app: string, now: number) => explainApp(state, app, now),
    restsSince: (app: string, now: number) => restsSince(state, app, now),
  };
  if (record !== undefined) closing.defer(await recordPolicy(events, options, record));
  return { policy: bindPolicy(packing), insight };
}

function policyOptions(config: Config): PackingOptions {
  const { blanks, idleMs = null, waitWorth, maxMachines, startsPerSecond, kernel } = config;
  const { vcpuSecond, gbSecond } = config.prices;
  const { maxMemoryMb = (2 * totalmem()) / 2 ** 20, maxVcpus = 32 * availableParallelism() } = config;
  return {
    blanks,
    idleMs,
    waitWorth,
    maxMachines,
    maxMemoryMb,
    maxVcpus,
    startsPerSecond,
    cpuWorth: vcpuSecond / gbSecond,
    hostCpus: availableParallelism(),
    usual: kindOf(usualChoice, kernel),
  };
}

function startAppliances(
  { config, clock, log, closing, supervision }: Start,
  { definitions, accounts, logs }: State,
  egress: EgressOfServer,
  qemuHost: QemuHost,
): Appliances {
  const { stateDir, cacheDir } = config;
  const appliances = openAppliances({
    stateDir,
    cacheDir,
    qemuHost,
    definitions,
    bootId: createBootId(clock.wall()),
    clock,
    permitted: config.appliances,
    usage: accounts,
    egress: (id) => egress.ofAppliance(id),
    starting: (id) => supervision?.starting(id),
    takenUp: (id) => supervision?.takenUp(id),
    onUnusable: (appliance, error) => log.error({ err: error, appliance }, "this appliance's definition cannot be read: it is not started"),
    log(app, machine, text, ofPlatform, at = clock.wall()) {
      logs.append({ at, app, machine, level: ofPlatform ? LogLevel.Platform : LogLevel.Info, text });
    },
    forgetLog: (id) => logs.remove(id),
  });
  closing.defer(() => appliances.close());
  return appliances;
}

function openServedApps(
  { clock, log }: Start,
  { catalog, logs }: State,
  wired: Pick<Wired, "dispatcher" | "egress"> & { routes: RouteTable },
): ServedApps {
  return new ServedApps({
    ...wired,
    catalog,
    warn: (text) => log.warn(text),
    inert: ({ network }) => wired.egress.problems(network).map((problem) => `An entry of network.allow has no effect: ${problem}.`),
    tell(app, text) {
      log.warn({ app: nameOfId(catalog.names, app) }, text);
      logs.append({ at: clock.wall(), app, level: LogLevel.Platform, text });
    },
    complain(app, error) {
      log.error({ err: error, app: nameOfId(catalog.names, app) }, "the app cannot be served");
      const text = `The app is not served: ${error instanceof Error ? error.message : String(error)}`;
      logs.append({ at: clock.wall(), app, level: LogLevel.Platform, text });
    },
  });
}

function openKinds({ config, clock, log, closing }: Start, { catalog }: State, driver: Driver): PreparedKinds {
  const kinds = new PreparedKinds({
    catalog,
    clock,
    usual: kindOf(usualChoice, config.kernel),
    kindOf: (choice) => kindOf(choice, config.kernel),
    prepare(kind) {
      const steps = logSteps(log);
      return driver.prepare(steps.step, kind).finally(steps.done);
    },
    release(kind) {
      log.info({ kind: kind.key }, "no app chooses machines of this kind any more: what they start from is given up");
      driver.release?.(kind);
    },
  });
  closing.defer(() => kinds.close());
  return kinds;
}

function createServingOf(
  start: Start,
  { served, dispatcher, chosen, kinds, egress }: Pick<Wired, "served" | "dispatcher" | "chosen" | "kinds" | "egress">,
): Serving {
  const { config, clock } = start;
  return createServing({
    served,
    clock,
    machines: () => dispatcher.machines(),
    kinds,
    kernels: chosen.driver.kernels,
    problemsOf: (network) => egress.problems(network),
    most: policyOptions(config),
  });
}

function announce(lock: StateLock, urls: Urls, certificate: Certificate | undefined): void {
  lock.announce({ urls, ...(certificate && { certificate: pinOf(certificate.cert) }) });
}
