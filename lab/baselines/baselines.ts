/** The policies of other platforms that Mayfly's is compared with, in the order of reports. */
import type { SimulatedPolicy } from "../../src/simulator/simulator.ts";
import { createClassic } from "./classic.ts";
import type { HostLimits } from "./classic-state.ts";
import { faasCache } from "./faascache.ts";
import { fixedKeepAlive } from "./fixed.ts";
import { hybridHistogram } from "./hybrid.ts";
import { knative } from "./knative.ts";
import { openWhisk } from "./openwhisk.ts";
import type { Rules } from "./rules.ts";

const MINUTE_MS = 60_000;
/** Limits of a host so large that they play no part. */
const NO_LIMITS: HostLimits = { maxMachines: Infinity, maxMemoryMb: Infinity, maxTimesPeak: Infinity };
/** Seed of random choices; any number but 0. */
const SEED = 1;

export const baselines: SimulatedPolicy[] = [
  baseline("never", () => fixedKeepAlive(0)),
  baseline("fixed-1min", () => fixedKeepAlive(MINUTE_MS)),
  baseline("fixed-10min", () => fixedKeepAlive(10 * MINUTE_MS)),
  baseline("fixed-20min", () => fixedKeepAlive(20 * MINUTE_MS)),
  baseline("always", () => fixedKeepAlive(Infinity)),
  baseline("kpa", () => knative(SEED)),
  baseline("openwhisk", openWhisk),
  baseline("hybrid", hybridHistogram),
  ...[1.25, 2, 4].map((times) => baseline(`faascache-${times}x`, faasCache, { ...NO_LIMITS, maxTimesPeak: times })),
];

function baseline<M, A>(name: string, rules: () => Rules<M, A>, host = NO_LIMITS): SimulatedPolicy {
  return { name, create: () => createClassic(rules(), host) };
}
