/** The recorded demand of an app, with the rules that its machines are kept by now: all that the simulator needs to play it again. */
import type { Clock } from "../base/clock/clock.ts";
import type { Prices } from "../base/config/prices.ts";
import type { Catalog } from "../store/catalog/catalog.ts";
import type { Demand, DemandRecording } from "../store/history/demand.ts";
import type { DemandSpan } from "../store/history/demand-counts.ts";

/** What of the policy's options the demand is played with. */
interface HostRules {
  blanks: number;
  idleMs: number | null;
  waitWorth: number;
  cpuWorth: number;
  maxMachines: number;
  startsPerSecond: number;
}

export interface DemandParts {
  recording: Pick<DemandRecording, "of" | "machines">;
  rules: HostRules;
  prices: Prices;
  catalog: Pick<Catalog, "live">;
  clock: Pick<Clock, "wall">;
}

export interface AppDemand extends Demand {
  /** What was set when it was asked for: of the server and, of the revision that gets most calls, the manifest. */
  rules: HostRules & {
    concurrency: number;
    minMachines: number;
    appMaxMachines: number;
    queue: number;
    memoryMb: number;
    vcpus: number;
  };
  /** How long starts and binds took lately, milliseconds; null: there were none since the server started. */
  machines: { startMs: number | null; bindMs: number | null };
  prices: { vcpuSecond: number; gbSecond: number; currency: string };
}

/** @param app its id. What was never called has a demand of nothing. */
export function demandOfApp({ recording, rules, prices, catalog, clock }: DemandParts, app: string, span: DemandSpan): AppDemand {
  const [most] = catalog.live(app).toSorted((one, other) => other.weight - one.weight);
  const manifest = most?.revision.manifest;
  const { blanks, idleMs, waitWorth, cpuWorth, maxMachines, startsPerSecond } = rules;
  return {
    ...(recording.of(app, span) ?? nothing(span, clock.wall())),
    rules: {
      blanks,
      idleMs,
      waitWorth: manifest?.waitWorth ?? waitWorth,
      cpuWorth,
      maxMachines,
      startsPerSecond,
      concurrency: manifest?.concurrency ?? 1,
      minMachines: manifest?.minMachines ?? 0,
      appMaxMachines: manifest?.maxMachines ?? 1,
      queue: manifest?.queue ?? 1,
      memoryMb: manifest?.memoryMb ?? 256,
      vcpus: manifest?.vcpus ?? 1,
    },
    machines: recording.machines(),
    prices: { vcpuSecond: prices.vcpuSecond, gbSecond: prices.gbSecond, currency: prices.currency },
  };
}

function nothing(span: DemandSpan, now: number): Demand {
  const from = Math.floor(now / 1_000) * 1_000;
  return {
    span,
    slotMs: 1_000,
    from,
    arrivals: [],
    ran: [],
    ranMeanMs: 0,
    waited: [],
    binds: 0,
    machineSeconds: 0,
    gbSeconds: 0,
    cpuSeconds: 0,
  };
}
