/** Three small workloads for the learning of concurrency: calls that wait, that compute, and some of both. */
import { poisson } from "./arrivals.ts";
import { family, type Family } from "./family.ts";
import type { Random } from "./random.ts";
import { appWith } from "./work.ts";

const MICRO_MS = 50;
const MICRO_MB = 60;
const MICRO_CPU_SHARES = { wait50: () => 0.01, spin50: () => 1, mix50: (random: Random) => (random.chance(0.5) ? 1 : 0.01) };

/** Apps that may have 1,000 in a machine and say nothing of what they do; arrivals are open-loop, at the rate that gives `inFlight` where nothing is late. */
export function micro(kind: keyof typeof MICRO_CPU_SHARES, inFlight: number): Family {
  const work = { meanMs: MICRO_MS, durationMs: () => MICRO_MS, cpuShare: (random: Random) => MICRO_CPU_SHARES[kind](random) };
  const app = (_: Random, name: string) => ({ app: appWith(name, 1_000, MICRO_MB), work });
  return family(`${kind} × ${inFlight}`, app, (random) => poisson(random, MICRO_MS / inFlight));
}
