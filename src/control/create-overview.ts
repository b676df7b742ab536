import type { ApplianceInfo } from "../appliances/spec.ts";
import type { Clock } from "../base/clock/clock.ts";
import type { Catalog } from "../store/catalog/catalog.ts";
import type { LiveDispatcher, MachineRow } from "../dispatch/live-dispatcher.ts";
import type { ReserveLook } from "../store/state-folder/look-at-reserves.ts";
import type { Death, Overview, ShownMachine, StatusFacts, Urls } from "./overview.ts";
import { nameSeen, type Seen, sees, seesAll } from "./seen.ts";

export interface OverviewParts {
  version: string;
  clock: Clock;
  dispatcher: Pick<LiveDispatcher, "machines" | "explain" | "explainMachine" | "sample" | "inFlight">;
  /** Ends the rest of an app, of which the dispatcher could tell nothing. */
  recall: (app: string) => void;
  appliances: { list(tenant?: string): ApplianceInfo[]; leftAlone(): string[]; sample(): void };
  catalog: Pick<Catalog, "count" | "names">;
  driver: { name: string; detail: string; damage: () => string | null };
  reserves: () => ReserveLook[];
  /** Empty until the doors are open. */
  urls: Urls;
  supervision: Supervised | undefined;
}

/** What a supervisor reports about itself and the workers before this one. */
interface Supervised {
  pid: number;
  /** Milliseconds since the epoch. */
  startedAt: number;
  deaths: Death[];
  restarts: number;
}

export function createOverview(parts: OverviewParts): Overview {
  const { version, clock, dispatcher, appliances, catalog, urls } = parts;
  const { name, detail } = parts.driver;
  const startedAt = clock.now();
  const sample = () => {
    dispatcher.sample();
    appliances.sample();
  };
  const machines = (seen: Seen) => {
    const isSeen = remembering((app) => sees(catalog.names, seen, app));
    const nameOf = remembering((app) => nameSeen(catalog.names, seen, app));
    const ofApps = dispatcher.machines().filter(({ app }) => (app === null ? seesAll(seen) : isSeen(app)));
    const ofAppliances = seen.apps === null ? appliances.list(seen.tenant ?? undefined) : [];
    return [...ofApps.map((row) => shownMachine(row, nameOf)), ...ofAppliances.flatMap(applianceMachine)];
  };
  return {
    machines(seen) {
      sample();
      return machines(seen);
    },
    glance(seen) {
      const calls = seesAll(seen) ? dispatcher.inFlight() : dispatcher.inFlight().filter(([app]) => sees(catalog.names, seen, app));
      return { machines: machines(seen), inFlight: calls.reduce((sum, [, some]) => sum + some, 0) };
    },
    explain(app) {
      parts.recall(app);
      return { app, ...dispatcher.explain(app) };
    },
    explainMachine: (seen, machine) =>
      dispatcher.explainMachine(machine, (app) => (app === null ? seesAll(seen) : sees(catalog.names, seen, app))),
    sample,
    host: () => ({ version, pid: process.pid, uptimeMs: clock.now() - startedAt, driver: { name, detail }, urls }),
    status: () => statusOf(parts, startedAt),
  };
}

function statusOf(
  { version, clock, dispatcher, appliances, catalog, driver, reserves, supervision }: OverviewParts,
  startedAt: number,
): StatusFacts {
  const { pid = process.pid, deaths = [], restarts = 0 } = supervision ?? {};
  const upSince = Math.trunc(clock.wall() - (clock.now() - startedAt));
  const all = appliances.list();
  const machines = dispatcher.machines();
  return {
    version,
    pid,
    worker: process.pid,
    since: supervision?.startedAt ?? upSince,
    upSince,
    restarts,
    deaths,
    driver: { name: driver.name, detail: driver.detail, damage: driver.damage() },
    reserves: reserves(),
    apps: catalog.count(),
    machines: machines.length,
    runtimes: counts(machines.map(({ kind }) => kind.runtime)),
    appliances: {
      running: all.filter(({ state }) => state === "running").length,
      total: all.length,
      leftAlone: appliances.leftAlone(),
      waiting: all.flatMap(({ name, state, lastEnd }) => (state === "waiting" ? [{ name, reason: lastEnd ?? "unknown" }] : [])),
    },
  };
}

function counts<T extends string>(all: T[]): Partial<Record<T, number>> {
  return Object.fromEntries([...Map.groupBy(all, (each) => each)].map(([each, list]) => [each, list.length])) as Partial<Record<T, number>>;
}

/** Many machines are of the same app, of which each look-up reads the catalog. */
function remembering<T>(look: (app: string) => T): (app: string) => T {
  const known = new Map<string, T>();
  return (app) => {
    const value = known.has(app) ? (known.get(app) as T) : look(app);
    known.set(app, value);
    return value;
  };
}

function shownMachine(row: MachineRow, nameOf: (app: string) => string): ShownMachine {
  const { name, phase, revisionNumber: revision, inFlight, slots, driver, memoryBytes, cpuUs, ageMs } = row;
  const app = row.app === null ? null : nameOf(row.app);
  const { key: _, ...kind } = row.kind;
  return { id: name, app, revision, driver, kind, state: phase, slots: { used: inFlight, total: slots }, memoryBytes, cpuUs, ageMs };
}

/** An appliance as a row of the list of machines. It has no slots, because the dispatcher gives it no invocations. */
function applianceMachine({ name, machine, state, memoryBytes, cpuUs, ageMs }: ApplianceInfo): ShownMachine[] {
  if (machine === null) return [];
  const slots = { used: 0, total: 0 };
  return [
    { id: machine, app: name, revision: null, driver: "qemu", kind: null, state: `appliance, ${state}`, slots, memoryBytes, cpuUs, ageMs },
  ];
}
