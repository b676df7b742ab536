/** What the use cases need from the running system: whether it can serve an app, and that it starts and stops serving it. */
import { type GuestKernelName, type MachineChoice, usualChoice } from "../base/kind/machine-kind.ts";
import type { Clock } from "../base/clock/clock.ts";
import { MayflyError } from "../base/errors/error.ts";
import type { Target } from "../store/catalog/catalog.ts";
import { FRAMES_BYTES } from "../store/catalog/code-limit.ts";
import { hasInjections } from "../store/catalog/injections.ts";
import { unfitForOsv } from "../store/catalog/lacking-kernel.ts";
import { partsOf } from "../store/catalog/parts.ts";
import { runtimesOf } from "../store/catalog/runtime-of.ts";
import { asksForSnapshot } from "../store/catalog/snapshot-of.ts";
import { tooLargeMachine } from "../store/catalog/machine-limit.ts";
import type { Manifest } from "../store/catalog/manifest.ts";
import type { TenantLimits } from "../store/catalog/tenant-limits.ts";
import { until } from "../base/clock/until.ts";
import type { HostProofs } from "./host-proofs.ts";
import type { PreparedKinds } from "./prepared-kinds.ts";
import type { ServedApps } from "./served-apps.ts";

/** What matters of an app's files for whether they can be served. */
interface AppFiles {
  paths: string[];
  /** Bytes of large files, which most machines read where they lie; 0 if the files are small. */
  largeBytes: number;
}

export interface Serving {
  /** Throws "bad-manifest", "no-such-kernel", "files-too-large", "host-not-allowed" or "host-taken" if this server cannot give an app of the tenant what its manifest asks for. */
  check(tenant: string, manifest: Manifest, files?: AppFiles): void;
  /** Looks for proofs that hosts of the manifest are the app's, where it needs them. Rejects with "host-not-allowed". */
  prove(tenant: string, manifest: Manifest): Promise<void>;
  /** Resolves when machines of the kinds that the manifest chooses can be started at once. The first preparation of a kind may take seconds. */
  prepare(tenant: string, manifest: Manifest): Promise<void>;
  /** Sends the app's calls to these targets from now on. Machines of other revisions get no more work. `app` is an id here and below. */
  pointed(app: string, targets: Target[]): void;
  /**
   * Called before a call that does not come by the route table. `pin`: the name by which the call asks for a stored revision of the app, which is the same one each time.
   * Returns whether the app is served. Throws "no-such-version".
   */
  called(app: string, pin?: { name: string; revision: string }): boolean;
  /** Keeps so many machines bound to the revision that calls name by `pin`, at least. Throws "no-such-version". */
  provide(app: string, pin: { name: string; revision: string }, machines: number): void;
  /** How many machines are bound to it. */
  boundTo(app: string, pin: string): number;
  /** Called after an alias other than `live` was changed or removed. */
  branched(app: string): void;
  /** Called after the app's secrets changed: machines that have the old ones get no more work. */
  renewed(app: string): void;
  /** What all apps of the app's tenant may have together has changed. */
  shareChanged(app: string): void;
  /** Undoes pointed() if the change was not stored after all. */
  restored(app: string): void;
  /** Why an app cannot be served although its revision can be read; null if it can be served. */
  problemOf(app: string): string | null;
  /**
   * Drops what the app's machines log from now on. Resolves when the machines that the app has now are gone, even if another app has its
   * name by then.
   */
  removed(app: string): void | Promise<void>;
}

export interface ServingParts {
  served: ServedApps;
  /** All machines that exist now. */
  machines: () => { name: string; app: string | null }[];
  /** How many machines are bound to the revision that an app's calls name so. */
  boundTo: (app: string, pin: string) => number;
  kinds: Pick<PreparedKinds, "prepare" | "changed">;
  /** Tells the dispatcher what the app's tenant may have. */
  shareChanged: (app: string) => void;
  /** The guest kernels that machines of this host can have. */
  kernels: readonly GuestKernelName[];
  /** Whether machines of such a kind read large files where they lie. */
  attaches: (choice: MachineChoice) => boolean;
  /** That of machines whose app chooses none. */
  usualKernel: GuestKernelName;
  /** Why the app's machines cannot be frozen on this server, as a clause; undefined if they can. */
  unfreezable: (manifest: Manifest) => string | undefined;
  /** Why the host cannot add secrets to requests of the app's machines on this server, as a clause; undefined if it can. */
  uninjectable: (manifest: Manifest) => string | undefined;
  /** The entries of `network.allow` that can have no effect on this server, as one sentence for each. */
  problemsOf: (network: Manifest["network"]) => string[];
  /** Vouches for the servers for which the host adds secrets to requests. */
  authority: { certificate(): Promise<string> };
  proofs: Pick<HostProofs, "prove">;
  /** Why keys that the manifest's `access` names cannot be had on this server, a sentence each. */
  problemsOfKeys: (manifest: Manifest) => string[];
  /** Why machines cannot have the app's mounts on this server, a sentence each. */
  problemsOfMounts: (manifest: Manifest) => string[];
  /** The limits of all machines together. */
  most: { maxMemoryMb: number; maxVcpus: number };
  /** The limits of all machines of the tenant together; null: those of the host. */
  mostOfTenant: (tenant: string) => Pick<TenantLimits, "memoryMb" | "vcpus">;
  clock: Clock;
}

export function createServing({
  served,
  machines,
  boundTo,
  kinds,
  shareChanged,
  kernels,
  attaches,
  usualKernel,
  unfreezable,
  uninjectable,
  problemsOf,
  authority,
  proofs,
  problemsOfKeys,
  problemsOfMounts,
  most,
  mostOfTenant,
  clock,
}: ServingParts): Serving {
  return {
    check(tenant, manifest, { paths, largeBytes } = { paths: [], largeBytes: 0 }) {
      served.check(tenant, manifest);
      const [problem] = problemsOf(manifest.network);
      const [unmounted] = problemsOfMounts(manifest);
      const [unfetchable] = problemsOfKeys(manifest);
      const frozen = asksForSnapshot(manifest) ? unfreezable(manifest) : undefined;
      const injected = hasInjections(manifest) ? uninjectable(manifest) : undefined;
      const unable =
        (unfetchable && `access: ${unfetchable}`) ??
        (unmounted && `mounts: ${unmounted}`) ??
        (frozen && `snapshot: ${frozen}`) ??
        (injected && `inject: ${injected}`);
      const what =
        problem !== undefined
          ? `network.allow: ${problem}`
          : (tooLargeMachine(manifest, most) ?? tooLargeForTenant(manifest, mostOfTenant(tenant)) ?? unable);
      if (what !== undefined) throw new MayflyError("bad-manifest", { file: "mayfly.json", what });
      const { name, kernel } = manifest;
      if (kernel !== undefined && !kernels.includes(kernel))
        throw new MayflyError("no-such-kernel", { app: name, kernel, kernels: kernels.join(" and ") });
      const unfit = (kernel ?? usualKernel) === "osv" ? unfitForOsv(runtimesOf(manifest)) : undefined;
      if (unfit !== undefined) throw new MayflyError("bad-manifest", { file: "mayfly.json", what: unfit });
      const addon = paths.find((path) => path.endsWith(".node"));
      if (addon !== undefined && (kernel ?? usualKernel) === "osv")
        throw new MayflyError("bad-manifest", {
          file: "mayfly.json",
          what: `${addon} is a native add-on, which machines with the kernel osv cannot load`,
        });
      // Such files come in frames, like small ones, and no more fits.
      if (largeBytes > FRAMES_BYTES && !attaches({ ...usualChoice, kernel: kernel ?? usualKernel }))
        throw new MayflyError("files-too-large", { app: name, bytes: largeBytes, limit: FRAMES_BYTES, kernel: kernel ?? usualKernel });
    },
    prove: (tenant, manifest) => proofs.prove(tenant, manifest),
    async prepare(tenant, manifest) {
      if (hasInjections(manifest)) await authority.certificate();
      // One after the other, because each may take a whole CPU for seconds.
      for (const part of partsOf(manifest)) await kinds.prepare(part, tenant);
    },
    pointed(app, targets) {
      served.point(app, targets);
      kinds.changed();
    },
    called: (app, pin) => (pin === undefined ? served.ensure(app) : served.pin(app, pin.name, pin.revision)),
    provide: (app, pin, machines) => served.provide(app, pin.name, pin.revision, machines),
    boundTo,
    branched: (app) => served.branched(app),
    renewed: (app) => served.renew(app),
    shareChanged,
    restored: (app) => served.restore(app),
    problemOf: (app) => served.problemOf(app),
    async removed(app) {
      const own = new Set(machines().flatMap((machine) => (machine.app === app ? [machine.name] : [])));
      served.remove(app);
      kinds.changed();
      // An app that is deployed again under the same name has machines of its own, which are not waited for.
      const pause = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));
      await until(() => machines().every((machine) => !own.has(machine.name)), { ms: Infinity, everyMs: 20, pause });
    },
  };
}

function tooLargeForTenant(manifest: Manifest, { memoryMb, vcpus }: Pick<TenantLimits, "memoryMb" | "vcpus">): string | undefined {
  return tooLargeMachine(manifest, { maxMemoryMb: memoryMb ?? Infinity, maxVcpus: vcpus ?? Infinity }, "of the tenant");
}
