import type { Step } from "../policy/policy.ts";
import type { BoundPolicy } from "./live-dispatcher.ts";

/** A policy together with its state. */
export function bindPolicy<State>({ state, step }: { state: State; step: Step<State> }): BoundPolicy {
  return (event, now) => step(state, event, now);
}
