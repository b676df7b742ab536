import type { PolicyCommand, PolicyEvent, Step } from "./policy.ts";

/** A policy that has its state bound to it. */
export type BoundPolicy = (event: PolicyEvent, now: number) => PolicyCommand[];

export function bindPolicy<State>({ state, step }: { state: State; step: Step<State> }): BoundPolicy {
  return (event, now) => step(state, event, now);
}
