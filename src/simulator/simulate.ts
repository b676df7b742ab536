/**
 * Runs a policy over a workload in virtual time: the policy hears what the live dispatcher would tell it, and what it commands is done by
 * machines that are a model. Nothing here starts late, fails or dies by itself, and no caller gives up.
 */
import { Series } from "./series.ts";
import type { Outcome, SimulatedPolicy, Workload } from "./simulator.ts";
import { World, type WorldOptions } from "./world.ts";

export interface SimulationOptions extends WorldOptions {
  /** Ask for `Outcome.series`. */
  series?: boolean;
}

/** ms after the workload's end at which what still waits is given up. */
const PATIENCE_MS = 24 * 3_600_000;

/** @throws Error where the policy breaks a rule, or leaves an invocation waiting for ever */
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
