/** The policy of a server, with its options filled from the settings and from what the host has. It is recorded if the settings say so. */
import { availableParallelism, totalmem } from "node:os";
import type { Config } from "../base/config/schema.ts";
import type { ServerStart } from "../base/config/server-start.ts";
import { kindOf, usualChoice } from "../base/kind/machine-kind.ts";
import { restsSince } from "../policy/at-rest.ts";
import { type BoundPolicy, bindPolicy } from "../policy/bind-policy.ts";
import { explainApp, slotsOf } from "../policy/explain.ts";
import { createPackingPolicy, type PackingOptions } from "../policy/packing.ts";
import type { EventStream } from "../telemetry/event-stream.ts";
import type { PolicyInsight } from "./live-dispatcher.ts";
import { recordPolicy } from "./recorder.ts";

export async function openPolicy(
  { config, closing }: ServerStart,
  events: EventStream,
): Promise<{ policy: BoundPolicy; insight: PolicyInsight }> {
  const { record } = config;
  const options = policyOptions(config);
  const packing = createPackingPolicy(options);
  const { state } = packing;
  const insight = {
    slotsOf: (app: string) => slotsOf(state, app),
    explain: (app: string, now: number) => explainApp(state, app, now),
    restsSince: (app: string, now: number) => restsSince(state, app, now),
  };
  if (record !== undefined) closing.defer(await recordPolicy(events, options, record));
  return { policy: bindPolicy(packing), insight };
}

/** All machines together may have twice the host's memory and 32 times its CPUs where the settings do not limit them. */
export function policyOptions(config: Config): PackingOptions {
  const { blanks, idleMs = null, waitWorth, maxMachines, startsPerSecond, kernel } = config;
  const { vcpuSecond, gbSecond } = config.prices;
  const { maxMemoryMb = (2 * totalmem()) / 2 ** 20, maxVcpus = 32 * availableParallelism() } = config;
  return {
    blanks,
    idleMs,
    waitWorth,
    maxMachines,
    maxMemoryMb,
    maxVcpus,
    startsPerSecond,
    cpuWorth: vcpuSecond / gbSecond,
    hostCpus: availableParallelism(),
    usual: kindOf(usualChoice, kernel),
  };
}
