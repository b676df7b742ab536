/** The defaults of a study. */
import type { FamilyName } from "../workloads/families.ts";

/** Size of each family: enough to learn from, and so little that all together take half a minute. Families in which the time of day matters have whole days. */
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

/** Families that stand for whole hosts. The other families have a single app and are for the learning of concurrency. */
export const usualFamilies: FamilyName[] = ["steady", "diurnal", "bursts", "timers", "rare", "bursty", "mix"];

/** Seeds other than 1 to 9, on which our policy was tuned. */
export const usualSeeds = [101, 102, 103];

/** Steps of the knob. The targets need them, because they compare policies at equal shares of cold starts. */
export const usualSteps = [1, 10, 100, 1_000, 10_000];
export const fineSteps = [1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000];
