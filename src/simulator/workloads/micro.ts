/** Three small workloads that show how slots are learned: calls that wait, calls that compute, and calls of both sorts. */
import { poisson } from "./arrivals.ts";
import { family, type Family } from "./family.ts";
import type { Random } from "./random.ts";
import { appWith } from "./work.ts";

const MICRO_MS = 50;
const MICRO_MB = 60;
const MICRO_CPU_SHARES = { wait50: () => 0.01, spin50: () => 1, mix50: (random: Random) => (random.chance(0.5) ? 1 : 0.01) };

/**
 * Apps whose manifest allows 1,000 invocations at once in a machine, so that the policy must learn the slots. Calls arrive whether or not earlier ones have ended, at
 * the rate with which `inFlight` are in flight on average if none has to wait.
 */
export function micro(kind: keyof typeof MICRO_CPU_SHARES, inFlight: number): Family {
  const work = { meanMs: MICRO_MS, durationMs: () => MICRO_MS, cpuShare: (random: Random) => MICRO_CPU_SHARES[kind](random) };
  const app = (_: Random, name: string) => ({ app: appWith(name, 1_000, MICRO_MB), work });
  return family(`${kind} × ${inFlight}`, app, (random) => poisson(random, MICRO_MS / inFlight));
}
