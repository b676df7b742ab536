/**
 * Runs a policy over a workload in virtual time. The policy gets the events that the live dispatcher would send, and its commands are carried out by a model
 * of machines. In this model no machine starts late, fails or dies by itself, and no caller gives up.
 */
import { Series } from "./series.ts";
import type { Outcome, SimulatedPolicy, Workload } from "./simulator.ts";
import { World, type WorldOptions } from "./world.ts";

export interface SimulationOptions extends WorldOptions {
  /** Whether to return `Outcome.series`. */
  series?: boolean;
}

/** ms after the workload's end, after which a run with waiting invocations is given up. */
const PATIENCE_MS = 24 * 3_600_000;

/** @throws Error if the policy breaks a rule, or leaves an invocation waiting for ever */
export function simulate(workload: Workload, policy: SimulatedPolicy, options: SimulationOptions): Outcome {
  const world = new World(workload, policy, options);
  const series = options.series === true ? new Series(() => world.look()) : undefined;
  world.begin();
  for (let more = workload.next(); more || world.goesOn;) {
    const arriveAt = more ? workload.at : Infinity;
    const happenAt = world.nextAt;
    if (!more && happenAt > world.endAt + PATIENCE_MS)
      throw new Error(`${policy.name} leaves ${world.unfinished} invocations waiting for ever`);
    series?.upTo(Math.min(arriveAt, happenAt));
    if (happenAt < arriveAt || (happenAt === arriveAt && world.isForMachines(happenAt))) world.happen(happenAt);
    else {
      world.arrive();
      more = workload.next();
    }
  }
  series?.upTo(world.endAt);
  const outcome = world.end();
  return series === undefined ? outcome : { ...outcome, series: series.points };
}
