/**
 * The whole platform: `startMayfly` is the table of contents of a server's start, and the steps are in `platform/`. What a step opens is
 * closed in reverse order, at the end or when a later step fails.
 */
import { assertSafeAddress } from "./base/listen/address.ts";
import type { Certificate } from "./base/listen/certificate.ts";
import { type Clock, systemClock } from "./base/clock/clock.ts";
import type { Config } from "./base/config/schema.ts";
import type { ServerStart } from "./base/config/server-start.ts";
import { mainTenant } from "./base/ids/new-id.ts";
import { usualChoice } from "./base/kind/machine-kind.ts";
import { counted } from "./base/words/counted.ts";
import { assertDescriptors, type DescriptorBudget, descriptorBudget, descriptorLimit } from "./clients/descriptors.ts";
import { WrongCredentials } from "./clients/wrong-credentials.ts";
import { deployHere } from "./control/deploy-here.ts";
import type { Urls } from "./control/overview.ts";
import type { LiveDispatcher } from "./dispatch/live-dispatcher.ts";
import { pinOf } from "./doors/admin/pinned.ts";
import { renewCertificates } from "./doors/open-doors.ts";
import { openAccess } from "./platform/open-access.ts";
import { openApps } from "./platform/open-apps.ts";
import { openCalls } from "./platform/open-calls.ts";
import { openDispatch } from "./platform/open-dispatch.ts";
import { openDoors } from "./platform/open-doors.ts";
import { openMachines } from "./platform/open-machines.ts";
import { openServices } from "./platform/open-services.ts";
import { openState } from "./platform/open-state.ts";
import { openTelemetry } from "./platform/open-telemetry.ts";
import type { UploadBundle } from "./store/catalog/unread-files.ts";
import type { Manifest } from "./store/catalog/manifest.ts";
import { LogLines, openServerLog } from "./store/logs/server-log.ts";
import type { StateLock } from "./store/state-folder/lock.ts";
import type { Supervision } from "./supervisor/supervision.ts";
import { EventStream } from "./telemetry/event-stream.ts";

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
    /** Whether the state folder goes with the server. */
    isEphemeral: boolean;
    /** Gets the lines of the server's log, which are JSON, in place of standard error. */
    takeLog?: ((line: string) => void) | undefined;
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
  /**
   * Deploys an app of the tenant `main`, as the management API does, and without the detour. `settled` resolves when what the revision's triggers follow starts them; it is pending while
   * calls run the revision already.
   */
  deploy(manifest: Manifest, bundles: UploadBundle[]): Promise<{ number: number; changed: boolean; settled: Promise<void> }>;
  /** The number of invocations that wait or run, by app. */
  inFlight(): [app: string, calls: number][];
  /** Lets invocations in flight finish for at most config.graceMs, then ends all that is left. Further calls return the same promise. */
  close(): Promise<void>;
}

const VERSION = "0.1.0";

/** How long after a save a machine is ready for the new code without having to be resumed, in milliseconds: as long as whoever saved takes to call it. */
const ROUSED_MS = 5_000;

/** Rejects with the obstacle ("unsafe-bind", "state-locked", "missing-part", "port-in-use", …), and leaves nothing behind then. */
export async function startMayfly(
  wished: Config,
  { progress = () => {}, prepared = () => {}, clock = systemClock, supervision, development }: Hooks = {},
): Promise<Running> {
  await using closing = new AsyncDisposableStack();
  const lines = new LogLines();
  const log = openServerLog(wished, lines, development?.takeLog);
  const descriptors = descriptorBudget(descriptorLimit());
  const config = withinDescriptors(wished, descriptors, log);
  const start: ServerStart = { config, clock, log, closing };
  const events = new EventStream(clock, (error) => log.error({ err: error }, "a listener to the platform's events failed"));
  const urls = { gateway: "", api: "" };
  const version = VERSION;

  assertDescriptors();
  for (const address of [config.listen, config.api, config.lambda.listen, config.objects.listen, config.kv.redis.listen])
    if (address !== undefined) assertSafeAddress(address, config);

  const state = openState(start, {
    events,
    supervision,
    isEphemeral: development?.isEphemeral === true,
    filesForm: () => machines.driver.attaches(usualChoice),
  });
  const inspectDir = development?.inspectDir;
  const machines = await openMachines(start, { state, descriptors, urls, progress, inspectDir });
  prepared();
  const telemetry = openTelemetry(start, { state, events, lines, version, driver: machines.driver.name });
  const services = openServices(start, { state, uids: machines.uids, events, served: () => apps.served });
  const dispatch = await openDispatch(start, {
    state,
    machines,
    services,
    telemetry,
    events,
    supervision,
    isDevelopment: development !== undefined,
    served: () => apps.served,
    waiting: () => calls.invoking.waiting,
  });
  const apps = openApps(start, { state, machines, dispatch, events, supervision, urls, version });
  const wrong = new WrongCredentials(clock);
  const access = await openAccess(start, { state, machines, apps, wrong, urls });
  const calls = await openCalls(start, { state, machines, services, telemetry, dispatch, apps, events, descriptors, wrong, urls });
  let draining = false;
  const isDraining = () => draining;
  const opening = { state, services, telemetry, dispatch, apps, access, calls, events, supervision, wrong, urls, isDraining };
  const doors = await openDoors(start, opening);
  announce(state.lock, urls, apps.certificate);

  log.info({ ...urls, telemetry: doors.telemetryUrl, driver: machines.detail }, "up");
  const opened = closing.move();
  const { dispatcher, recentCalls } = dispatch;
  /** Calls are still taken, and load balancers are told to send no more. */
  const drained = async () => {
    if (config.drainMs === 0) return;
    draining = true;
    doors.gateway.drain();
    log.info({ ms: config.drainMs }, "draining: calls are still taken");
    await new Promise<void>((resolve) => clock.after(config.drainMs, resolve));
  };
  const known = (app: string) => state.catalog.names.known(mainTenant, app);
  let stopped: Promise<void> | undefined;
  return {
    gatewayUrl: urls.gateway,
    apiUrl: urls.api,
    telemetryUrl: doors.telemetryUrl,
    token: state.token,
    driver: { name: machines.driver.name, detail: machines.detail },
    renewCertificates() {
      renewCertificates(start, [doors.gateway, doors.api, ...doors.besides], (renewed) => announce(state.lock, urls, renewed));
      void access.hostCertificates?.refresh();
    },
    hold: (app, ms) => {
      const id = known(app);
      if (id === undefined) return;
      recentCalls?.hold(id, ms);
      dispatcher.rouse(id, ROUSED_MS);
    },
    release: (app) => {
      const id = known(app);
      if (id !== undefined) recentCalls?.release(id);
    },
    async deploy(manifest, bundles) {
      const id = known(manifest.name);
      // Bundling may have taken longer than a machine stays awake.
      if (id !== undefined) dispatcher.rouse(id, ROUSED_MS);
      const parts = { catalog: state.catalog, serving: apps.serving, events, clock };
      const { revision, moved } = await deployHere(parts, mainTenant, manifest, bundles);
      return { number: revision.number, changed: moved, settled: calls.durable.triggersSettled() };
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

async function stop(opened: AsyncDisposableStack, { log }: ServerStart, dispatcher: LiveDispatcher): Promise<void> {
  await opened.disposeAsync();
  // The dispatcher was closed by that; this second call only returns how many calls were cut off.
  const cutOff = await dispatcher.close(0);
  log.info({ cutOff }, cutOff === 0 ? "stopped; no call was cut off" : `stopped; ${counted(cutOff, "call")} cut off by the end of graceMs`);
}

function announce(lock: StateLock, urls: Urls, certificate: Certificate | undefined): void {
  lock.announce({ urls, ...(certificate && { certificate: pinOf(certificate.cert) }) });
}
