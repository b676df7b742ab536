/** Opens what the use cases ask of the running system: the apps that are served, and whether and how more can be. */
import type { Config } from "../base/config/schema.ts";
import type { ServerStart } from "../base/config/server-start.ts";
import type { LiveDispatcher } from "../dispatch/live-dispatcher.ts";
import { policyOptions } from "../dispatch/open-policy.ts";
import { hasInjections } from "../store/catalog/injections.ts";
import { type MachineChoice, usualChoice } from "../base/kind/machine-kind.ts";
import { serversOf } from "../store/catalog/nfs-mounts.ts";
import type { Manifest } from "../store/catalog/manifest.ts";
import { runtimesOf } from "../store/catalog/runtime-of.ts";
import { asksForSnapshot } from "../store/catalog/snapshot-of.ts";
import type { Stores } from "../store/open-stores.ts";
import { nameOfId } from "./names.ts";
import { type HostProofParts, HostProofs } from "./host-proofs.ts";
import type { PreparedKinds } from "./prepared-kinds.ts";
import { resumeApps, tellUnreadable } from "./resume.ts";
import { ServedApps, type ServedAppsOptions } from "./served-apps.ts";
import { problemsOfKeys } from "./unfit-keys.ts";
import { createServing, type Serving, type ServingParts } from "./serving.ts";

/** How often apps are looked at that nobody calls. */
const REST_MS = 60_000;

/** What tells whether a driver's machines can be frozen, mount exports, and have secrets added to their requests. */
interface CapableDriver {
  name: string;
  traits: { hostNetwork: boolean };
  snapshots?: object;
  mountsNfs?(kind: MachineChoice): boolean;
}

interface ServingNeeds {
  dispatcher: LiveDispatcher;
  routes: ServedAppsOptions["routes"] & { unprovenHosts: HostProofParts["unproven"] };
  /** Undefined: this server takes no proofs that hosts are apps' own. */
  lookUpTxt: HostProofParts["lookUp"];
  kinds: PreparedKinds;
  kernels: ServingParts["kernels"];
  attaches: ServingParts["attaches"];
  driver: CapableDriver;
  problemsOfServers: (servers: string[]) => string[];
  problemsOf: ServingParts["problemsOf"];
  authority: ServingParts["authority"];
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
  { dispatcher, routes, lookUpTxt, kinds, kernels, attaches, driver, problemsOf, problemsOfServers, authority }: ServingNeeds,
): OpenServing {
  const { config, clock, log, closing } = start;
  const { catalog } = stores;
  const uninjectable = (manifest: Manifest) => whyUninjectable(manifest, driver, config.kernel);
  const unfreezable = (manifest: Manifest) => whyUnfreezable(manifest, driver, config.kernel);
  const keyProblems = (manifest: Manifest) => problemsOfKeys(manifest, config.egress.allow);
  const problemsOfMounts = ({ kernel, mounts = [] }: Manifest) =>
    mounts.length === 0 ? [] : [...whyUnmountable(kernel ?? config.kernel, driver), ...problemsOfServers(serversOf(mounts))];
  const served = new ServedApps({
    dispatcher,
    routes,
    catalog,
    warn: (text) => log.warn(text),
    inert: (manifest) => [
      ...problemsOf(manifest.network).map((problem) => `An entry of network.allow has no effect: ${problem}.`),
      ...keyProblems(manifest).map((problem) => `Nobody is let in by a JWT of some issuer, because its keys cannot be had: ${problem}.`),
      ...inertSnapshot(manifest, unfreezable),
      ...inertInject(manifest, uninjectable),
      ...problemsOfMounts(manifest).map((problem) => `The app's machines cannot start, because of its mounts: ${problem}.`),
    ],
    tell: stores.tell,
    complain: (app, error) => complain(start, stores, app, error),
  });
  closing.defer(clock.every(REST_MS, () => served.rest()));
  const proofs = new HostProofs({
    names: catalog.names,
    proven: catalog.provenHosts,
    unproven: (tenant, manifest) => routes.unprovenHosts(tenant, manifest),
    lookUp: lookUpTxt,
    lost: (app) => served.restore(app),
  });
  const machines = () => dispatcher.machines();
  const { kernel: usualKernel } = config;
  const serving = createServing({
    served,
    clock,
    machines,
    boundTo: (app, pin) => dispatcher.boundTo(app, pin),
    kinds,
    shareChanged: (app) => dispatcher.shareChanged(app),
    kernels,
    attaches,
    usualKernel,
    unfreezable,
    uninjectable,
    problemsOf,
    authority,
    proofs,
    problemsOfKeys: keyProblems,
    problemsOfMounts,
    most: policyOptions(config),
    mostOfTenant: (tenant) => catalog.tenants.limits(tenant),
  });
  const resume = () => {
    const unprepared = (kind: object, error: unknown) => log.error({ err: error, ...kind }, "machines of this kind cannot be prepared");
    void resumeApps({ catalog, served, prepareChosen: () => kinds.prepareChosen(unprepared) });
    const looking = new AbortController();
    closing.defer(() => looking.abort());
    void tellUnreadable({ catalog, served }, looking.signal);
  };
  return { served, serving, resume };
}

/** Of an app that was deployed when the server had another driver or kernel. */
function inertSnapshot(manifest: Manifest, unfreezable: ServingParts["unfreezable"]): string[] {
  const why = asksForSnapshot(manifest) ? unfreezable(manifest) : undefined;
  return why === undefined ? [] : [`The key snapshot has no effect: ${why}.`];
}

function inertInject(manifest: Manifest, uninjectable: ServingParts["uninjectable"]): string[] {
  const why = hasInjections(manifest) ? uninjectable(manifest) : undefined;
  return why === undefined ? [] : [`The key inject has no effect: ${why}.`];
}

function whyUnfreezable({ kernel }: Manifest, driver: CapableDriver, usual: Config["kernel"]): string | undefined {
  if (driver.snapshots === undefined) return `machines of the driver ${driver.name} cannot be frozen, only those of qemu can`;
  return (kernel ?? usual) === "osv" ? "machines with the kernel osv cannot be frozen for an app, only those with linux can" : undefined;
}

function whyUninjectable(manifest: Manifest, driver: CapableDriver, usual: Config["kernel"]): string | undefined {
  if ((manifest.kernel ?? usual) === "osv") return 'it is possible on the kernel linux alone: let kernel be "linux"';
  // What is no agent's own connection does not pass the host there.
  const runtime = runtimesOf(manifest).find((each) => each !== "node" && each !== "python");
  if (!driver.traits.hostNetwork || runtime === undefined) return undefined;
  return `machines of the driver ${driver.name} use this host's network with the runtime ${runtime}, so that the host does not see its requests`;
}

function whyUnmountable(kernel: Config["kernel"], driver: CapableDriver): string[] {
  const mounts = (of: Config["kernel"]) => driver.mountsNfs?.({ ...usualChoice, kernel: of }) === true;
  if (mounts(kernel)) return [];
  if (mounts("linux")) return [`machines with the kernel ${kernel} cannot mount NFS exports: let kernel be "linux"`];
  return [
    `machines of the driver ${driver.name} cannot mount NFS exports, only those of qemu with the kernel linux can: let the server's operator choose qemu`,
  ];
}

/** Writes to the server's log and to the app's that the app cannot be served. */
function complain({ log }: ServerStart, { catalog, note }: Stores, app: string, error: unknown): void {
  log.error({ err: error, app: nameOfId(catalog.names, app) }, "the app cannot be served");
  note(app, `The app is not served: ${error instanceof Error ? error.message : String(error)}`);
}
