/** What the use cases ask of the system that runs: whether it can serve an app, and that it begins or ends to. */
import type { Clock } from "../base/clock/clock.ts";
import { MayflyError } from "../base/errors/error.ts";
import type { Target } from "../store/catalog/catalog.ts";
import { tooLargeMachine } from "../store/catalog/machine-limit.ts";
import type { Manifest } from "../store/catalog/manifest.ts";
import { until } from "../base/clock/until.ts";
import type { ServedApps } from "./served-apps.ts";

export interface Serving {
  /** Throws "bad-manifest", "host-not-allowed" or "host-taken" where this server cannot give the app what its manifest asks for. */
  check(manifest: Manifest): void;
  /** Resolves when machines of the size that the manifest asks for can be started at once: the first of a size may take seconds. */
  prepare(manifest: Manifest): Promise<void>;
  /** The app's calls go there from now on; machines of other revisions get no more work. `app` is an id here and below. */
  pointed(app: string, targets: Target[]): void;
  /** The app's secrets changed: machines that have the old ones get no more work. */
  renewed(app: string): void;
  /** Undoes `pointed` where the change was not stored after all. */
  restored(app: string): void;
  /** Why an app of the catalog cannot be served though its revision can be read; null where it can. */
  problemOf(app: string): string | null;
  /** What the app's machines log is dropped from now on. Resolves when the machines that it has now are gone, whoever has its name by then. */
  removed(app: string): void | Promise<void>;
}

export interface ServingParts {
  served: ServedApps;
  /** The machines that there are. */
  machines: () => { name: string; app: string | null }[];
  /** Starts the making of what machines of a size begin from, where it is not made yet. */
  prepare: (size: { memoryMb: number; vcpus: number }) => Promise<void>;
  /** Why entries of `network.allow` can have no effect on this server, a sentence each. */
  problemsOf: (network: Manifest["network"]) => string[];
  /** Of all machines together. */
  most: { maxMemoryMb: number; maxVcpus: number };
  clock: Clock;
}

export function createServing({ served, machines, prepare, problemsOf, most, clock }: ServingParts): Serving {
  return {
    check(manifest) {
      served.check(manifest);
      const [problem] = problemsOf(manifest.network);
      const what = problem === undefined ? tooLargeMachine(manifest, most) : `network.allow: ${problem}`;
      if (what !== undefined) throw new MayflyError("bad-manifest", { file: "mayfly.json", what });
    },
    prepare: ({ memoryMb, vcpus }) => prepare({ memoryMb, vcpus }),
    pointed: (app, targets) => served.point(app, targets),
    renewed: (app) => served.renew(app),
    restored: (app) => served.restore(app),
    problemOf: (app) => served.problemOf(app),
    async removed(app) {
      const own = new Set(machines().flatMap((machine) => (machine.app === app ? [machine.name] : [])));
      served.remove(app);
      // An app that is deployed by the same name meanwhile has machines of its own, which stay.
      const pause = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));
      await until(() => machines().every((machine) => !own.has(machine.name)), { ms: Infinity, everyMs: 20, pause });
    },
  };
}
