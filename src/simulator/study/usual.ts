/** What a study is made of where nothing is said. */
import type { FamilyName } from "../workloads/families.ts";

/** Of each family enough to learn from, and so little that all together take half a minute. Whole days where days matter. */
export const usualSizes: Record<FamilyName, { hours: number; apps: number }> = {
  steady: { hours: 2, apps: 12 },
  diurnal: { hours: 24, apps: 3 },
  bursts: { hours: 1, apps: 6 },
  timers: { hours: 24, apps: 40 },
  rare: { hours: 24, apps: 40 },
  bursty: { hours: 3, apps: 12 },
  mix: { hours: 8, apps: 40 },
  wait50: { hours: 0.02, apps: 1 },
  spin50: { hours: 0.2, apps: 1 },
  mix50: { hours: 0.05, apps: 1 },
};

/** Those that stand for whole hosts. The others are of a single app, for the learning of concurrency. */
export const usualFamilies: FamilyName[] = ["steady", "diurnal", "bursts", "timers", "rare", "bursty", "mix"];

/** Others than 1 to 9, on which our policy was tuned. */
export const usualSeeds = [101, 102, 103];

/** Steps of the knob. The targets need some in any case: they compare at equal shares of cold starts. */
export const usualSteps = [1, 10, 100, 1_000, 10_000];
export const fineSteps = [1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000];
