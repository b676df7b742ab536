/** A dispatcher with the policy of a server, over a fleet in which nothing fails by itself, on a clock that a test moves. */
import { Random } from "../../base/testing/random.ts";
import { restsSince } from "../../policy/at-rest.ts";
import { bindPolicy } from "../../policy/bind-policy.ts";
import { explainApp, slotsOf } from "../../policy/explain.ts";
import { createPackingPolicy, type PackingPolicy } from "../../policy/packing.ts";
import { SteadyFleet } from "../../simulator/testing/steady-fleet.ts";
import { createDispatcher } from "../dispatcher.ts";
import type { LiveDispatcher, PolicyInsight } from "../live-dispatcher.ts";
import { FakeClock } from "./fake-clock.ts";
import { roomyHost } from "./roomy-host.ts";

interface SteadyWorld<Fleet> {
  clock: FakeClock;
  fleet: Fleet;
  dispatcher: LiveDispatcher;
}

/** @param Fleet a fleet that also takes note of what it is told */
export function steadyWorld<Fleet extends SteadyFleet>(
  Fleet: new (clock: FakeClock, random: Random) => Fleet,
  seed = 7,
): SteadyWorld<Fleet> {
  const clock = new FakeClock();
  const fleet = new Fleet(clock, new Random(seed));
  const packing = createPackingPolicy({ ...roomyHost, blanks: 0, idleMs: 60_000 });
  const [policy, insight, logs] = [bindPolicy(packing), insightOf(packing), { append: () => undefined }];
  return { clock, fleet, dispatcher: createDispatcher({ policy, insight, fleet, clock, bootId: "t", logs }) };
}

/** What a server's dispatcher asks its policy about. */
export function insightOf({ state }: PackingPolicy): PolicyInsight {
  return {
    slotsOf: (part) => slotsOf(state, part),
    explain: (part, now) => explainApp(state, part, now),
    restsSince: (part, now) => restsSince(state, part, now),
  };
}
