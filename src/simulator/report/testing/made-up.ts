/** Outcomes made up for tests: the given figures, and the other figures of one plain run. */
import type { Outcome } from "../../simulator.ts";
import type { WorkloadRuns } from "../runs.ts";

export function madeUp(policy: string, told: Partial<Outcome>): Outcome {
  const plain: Outcome = {
    policy,
    workload: "made up",
    invocations: 10_000,
    rejected: 0,
    cold: 10,
    bindWaits: 100,
    slotWaits: 0,
    longWaits: 0,
    waitMs: { mean: 1, p50: 0, p90: 0, p99: 30, p999: 230, max: 260 },
    delayMs: { mean: 0, p99: 0 },
    starts: 100,
    binds: 100,
    kills: 100,
    idleMachineSeconds: 1_000,
    idleGbSeconds: 100,
    blankGbSeconds: 10,
    gbSeconds: 200,
    bringUpCpuSeconds: 20,
    waitSeconds: 1,
    delaySeconds: 0,
    cost: 300,
    peakMachines: 10,
    seconds: 3_600,
  };
  return { ...plain, ...told };
}

/** Runs of two seeds, the second of which costs a tenth more. */
export function madeUpWorkload(): WorkloadRuns {
  const two = (policy: string, told: Partial<Outcome>) => [
    madeUp(policy, told),
    madeUp(policy, { ...told, cost: (told.cost ?? 300) * 1.1 }),
  ];
  return {
    name: "steady",
    description: "synthetic",
    synthetic: true,
    apps: 20,
    rivals: true,
    live: null,
    policies: [
      { policy: "oracle", kind: "limit", runs: two("oracle", { cold: 0, bindWaits: 0, cost: 200, idleGbSeconds: 5, blankGbSeconds: 1 }) },
      { policy: "mayfly", kind: "ours", runs: two("mayfly", { series: course() }) },
      {
        policy: "fixed-10min",
        kind: "baseline",
        runs: two("fixed-10min", { cold: 50, bindWaits: 0, idleGbSeconds: 990, cost: 1_500, series: course() }),
      },
      { policy: "hybrid", kind: "baseline", runs: two("hybrid", { cold: 5, bindWaits: 50, idleGbSeconds: 400, cost: 900 }) },
      {
        policy: "kpa",
        kind: "baseline",
        runs: two("kpa", { cold: 70, longWaits: 30, cost: 700, waitMs: { mean: 9, p50: 0, p90: 1, p99: 900, p999: 2_000, max: 3_000 } }),
      },
    ],
    frontier: [1, 100, 10_000].map((waitWorth, step) => ({
      waitWorth,
      runs: two("mayfly", {
        cold: 60 - 20 * step,
        bindWaits: 200 - 90 * step,
        idleGbSeconds: 50 * (step + 1),
        gbSeconds: 100 * (step + 1),
      }),
    })),
  };
}

function course(): NonNullable<Outcome["series"]> {
  return Array.from({ length: 60 }, (_, minute) => {
    const inFlight = Math.round(20 + 15 * Math.sin(minute / 5));
    const machines = Math.ceil(inFlight / 8);
    return { atSeconds: minute * 60, inFlight, waiting: minute % 7 === 0 ? 2 : 0, slots: machines * 10, machines, memoryMb: machines * 60 };
  });
}
