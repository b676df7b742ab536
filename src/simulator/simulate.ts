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
  const run = new SimulationRun(workload, policy, options);
  run.advance(Infinity);
  return run.outcome();
}

/** A run that goes on when it is told to, for pages that have to answer meanwhile. */
export class SimulationRun {
  readonly #workload: Workload;
  readonly #policy: SimulatedPolicy;
  readonly #world: World;
  readonly #series: Series | undefined;
  #more: boolean;

  constructor(workload: Workload, policy: SimulatedPolicy, options: SimulationOptions) {
    const world = new World(workload, policy, options);
    this.#workload = workload;
    this.#policy = policy;
    this.#world = world;
    this.#series = options.series === true ? new Series(() => world.look()) : undefined;
    world.begin();
    this.#more = workload.next();
  }

  /** Virtual time, ms. */
  get now(): number {
    return this.#world.now;
  }

  /** Goes on for so many things that happen, or to the end. Returns whether it is over. Throws as simulate() does. */
  advance(most: number): boolean {
    const [workload, world] = [this.#workload, this.#world];
    let more = this.#more;
    let left = most;
    for (; (more || world.goesOn) && left > 0; left--) {
      const arriveAt = more ? workload.at : Infinity;
      const happenAt = world.nextAt;
      if (!more && happenAt > world.endAt + PATIENCE_MS)
        throw new Error(`${this.#policy.name} leaves ${world.unfinished} invocations waiting for ever`);
      this.#series?.upTo(Math.min(arriveAt, happenAt));
      if (happenAt < arriveAt || (happenAt === arriveAt && world.isForMachines(happenAt))) world.happen(happenAt);
      else {
        world.arrive();
        more = workload.next();
      }
    }
    this.#more = more;
    return left > 0;
  }

  /** Of a run that is over; called once. */
  outcome(): Outcome {
    this.#series?.upTo(this.#world.endAt);
    const outcome = this.#world.end();
    return this.#series === undefined ? outcome : { ...outcome, series: this.#series.points };
  }
}
