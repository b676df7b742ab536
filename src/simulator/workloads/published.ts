/**
 * Distributions that others measured on Azure Functions: "Serverless in the Wild" (Shahrad et al., USENIX ATC 2020), as tabulated in ServerlessBench
 * (Yu et al., SoCC 2020, test case 11: https://github.com/SJTU-IPADS/ServerlessBench). Each row is [value, share of apps at or below it].
 */
import type { Random } from "./random.ts";

export type Distribution = readonly (readonly [value: number, atMost: number])[];

/** The number of an app's invocations in a day. The steps at 24, 48, 96, 144, 288, 480 and 720 come from timers. */
export const invocationsPerDay: Distribution = [
  [1, 0.139],
  [2, 0.233],
  [3, 0.272],
  [5, 0.312],
  [10, 0.36],
  [20, 0.404],
  [24, 0.415],
  [25, 0.43],
  [48, 0.468],
  [49, 0.475],
  [60, 0.487],
  [96, 0.517],
  [97, 0.525],
  [144, 0.554],
  [145, 0.56],
  [200, 0.583],
  [286, 0.61],
  [288, 0.624],
  [289, 0.654],
  [400, 0.694],
  [479, 0.706],
  [480, 0.713],
  [481, 0.731],
  [576, 0.745],
  [577, 0.749],
  [720, 0.764],
  [721, 0.766],
  [1_000, 0.788],
  [1_330, 0.804],
  [38_448, 0.962],
  [50_000, 0.967],
  [60_000, 0.97],
  [86_000, 0.976],
  [86_400, 0.977],
  [100_000, 0.979],
  [150_000, 0.983],
  [200_000, 0.986],
  [300_000, 0.9894],
  [500_000, 0.9924],
  [1_000_000, 0.9954],
  [2_000_000, 0.9977],
  [5_000_000, 0.999],
  [10_000_000, 0.9995],
  [129_000_000, 1],
];

/** The coefficient of variation of the times between an app's invocations. Values between 0.89 and 330 were not published and are interpolated. */
export const variation: Distribution = [
  [0, 0.227],
  [0.05, 0.28],
  [0.1, 0.322],
  [0.15, 0.361],
  [0.2, 0.381],
  [0.3, 0.419],
  [0.4, 0.457],
  [0.5, 0.492],
  [0.6, 0.52],
  [0.7, 0.54],
  [0.8, 0.563],
  [0.89, 0.587],
  [330, 0.9996],
  [1_450, 1],
];

/** The average duration of an app's invocations, ms. The row of 60 s is from the paper's text, which says that 96 % take less than a minute. */
export const executionMs: Distribution = [
  [1, 0.032],
  [10, 0.063],
  [25, 0.116],
  [50, 0.167],
  [100, 0.227],
  [200, 0.318],
  [300, 0.374],
  [500, 0.452],
  [750, 0.519],
  [1_000, 0.574],
  [1_500, 0.648],
  [2_000, 0.692],
  [3_000, 0.746],
  [4_000, 0.78],
  [5_000, 0.804],
  [5_700, 0.817],
  [60_000, 0.96],
  [600_000, 1],
];

/** The memory that an app holds, MB. */
export const appMemoryMb: Distribution = [
  [70, 0.001],
  [90, 0.028],
  [100, 0.061],
  [110, 0.16],
  [120, 0.32],
  [130, 0.443],
  [140, 0.507],
  [160, 0.574],
  [180, 0.713],
  [200, 0.877],
  [220, 0.933],
  [250, 0.957],
  [300, 0.972],
  [400, 0.99],
  [600, 0.997],
  [1_000, 1],
];

/** Draws one value. Between two rows values are interpolated by their logarithm; below the share of the first row, the value is that of the first row. */
export function draw(distribution: Distribution, random: Random): number {
  const share = random.next();
  const above = distribution.findIndex(([, atMost]) => share < atMost);
  if (above <= 0) return (distribution[Math.max(0, above)] as readonly [number, number])[0];
  const [low, from] = distribution[above - 1] as readonly [number, number];
  const [high, to] = distribution[above] as readonly [number, number];
  const part = (share - from) / (to - from);
  return low > 0 ? low * (high / low) ** part : high * part;
}
