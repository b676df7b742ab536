/** An app that nobody calls leaves the dispatcher's memory; when it is called again, it goes on as if it had stayed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Random, seedOf } from "../base/testing/random.ts";
import { bindPolicy } from "../policy/bind-policy.ts";
import { createPackingPolicy } from "../policy/packing.ts";
import type { PolicyCommand } from "../policy/policy.ts";
import { SteadyFleet } from "../simulator/testing/steady-fleet.ts";
import { createDispatcher } from "./dispatcher.ts";
import type { LiveDispatcher, ServedTarget } from "./live-dispatcher.ts";
import { type Caller, call } from "./testing/caller.ts";
import { FakeClock } from "./testing/fake-clock.ts";
import { roomyHost } from "./testing/roomy-host.ts";
import { insightOf } from "./testing/steady-world.ts";
import { versionOf } from "./testing/version.ts";

const IDLE_MS = 30_000;
const SWEEP_MS = 10_000;

test("whatever the history of calls, the policy decides the same whether apps come to rest in between or not", async () => {
  const seed = seedOf();
  const history = randomHistory(new Random(seed));
  const [stayed, rested] = await Promise.all([run(history, false), run(history, true)]);
  const seeded = `MAYFLY_SEED=${seed}`;
  assert.deepEqual(rested.commands, stayed.commands, seeded);
  assert.deepEqual(rested.outcomes, stayed.outcomes, seeded);
  assert.ok(rested.rests > 5, `${rested.rests} rests; ${seeded}`);
  assert.ok(
    stayed.commands.some(({ command }) => command.type === "bind" && command.why.kind === "call-expected"),
    `the policy learned when the timer's calls come; ${seeded}`,
  );
});

test("an app does not rest while a machine of its own, or a call, is there, nor before its time is up", async () => {
  const world = new World();
  world.dispatcher.point("ada", targets("ada"));
  const caller = call(world.dispatcher, { app: "ada", body: Buffer.from("5000") });
  assert.equal(world.dispatcher.rest("ada", 0), false, "it waits");
  await world.clock.advance(1_000);
  assert.equal(world.dispatcher.rest("ada", 0), false, "it runs");
  await world.clock.advance(10_000);
  assert.equal(caller.status, 200);
  assert.equal(world.dispatcher.rest("ada", 0), false, "its machine is held");
  await world.clock.advance(3_600_000);
  assert.equal(world.dispatcher.rest("ada", 3_700_000), false, "its last call was not so long ago");
  assert.equal(world.dispatcher.rest("ada", 3_600_000 - 10_000), true);
});

test("calls of an app that rests are split over its revisions as if it had not rested", async () => {
  const world = new World();
  const both = targets("ada", [1, 1]);
  // The policy plans from the fourth call on, and then the app may have to stay.
  for (let i = 0; i < 4; i++) {
    world.dispatcher.point("ada", i % 2 === 0 ? both : both.toReversed());
    call(world.dispatcher, { app: "ada", body: Buffer.from("5") });
    await world.clock.advance(7_200_000);
    if (i < 3) assert.ok(world.dispatcher.rest("ada", IDLE_MS));
  }
  const bound = world.commands.flatMap(({ command }) => (command.type === "bind" ? [command.revision] : []));
  assert.deepEqual(bound.slice(0, 4), ["ada-1", "ada-2", "ada-1", "ada-2"]);
});

test("a revision that is deployed while the app rests takes over what was learned; a removed app leaves nothing", async () => {
  const world = new World();
  world.dispatcher.point("ada", targets("ada"));
  call(world.dispatcher, { app: "ada", body: Buffer.from("5") });
  await world.clock.advance(7_200_000);
  assert.ok(world.dispatcher.rest("ada", IDLE_MS));
  assert.deepEqual(world.dispatcher.explain("ada").facts, []);
  world.dispatcher.point("ada", [{ revision: versionOf("ada", "9"), weight: 1 }]);
  assert.deepEqual([...world.policy.state.revisions.keys()], ["ada-9"]);
  assert.ok(world.policy.state.revisions.get("ada-9")!.workSums.done > 0, "what was learned of the revision before");
  await world.clock.advance(IDLE_MS);
  assert.ok(world.dispatcher.rest("ada", IDLE_MS));
  world.dispatcher.removeApp("ada");
  assert.equal(world.policy.state.revisions.size, 0);
});

/** After `ms`, these apps are called. */
type History = { ms: number; apps: string[] }[];

/** One app is called by a timer, so that the policy starts machines before its calls; the other two at random. */
function randomHistory(random: Random): History {
  const calls: { at: number; app: string }[] = Array.from({ length: 30 }, (_, i) => ({ at: (i + 1) * 900_000, app: "timer" }));
  for (const app of ["ada", "bob"]) {
    for (let at = 0; at < 27_000_000; at += random.chance(0.5) ? random.between(1, 20_000) : random.between(60_000, 3_000_000))
      calls.push({ at, app });
  }
  calls.sort((a, b) => a.at - b.at);
  return calls.map(({ at, app }, i) => ({ ms: at - (calls[i - 1]?.at ?? 0), apps: [app] }));
}

async function run(history: History, rests: boolean) {
  const world = new World();
  const apps = { timer: targets("timer"), ada: targets("ada", [2, 1]), bob: targets("bob") } as Record<string, ServedTarget[]>;
  for (const [app, own] of Object.entries(apps)) world.dispatcher.point(app, own);
  const resting = new Set<string>();
  let count = 0;
  world.clock.every(SWEEP_MS, () => {
    for (const app of rests ? Object.keys(apps) : []) {
      if (resting.has(app) || !world.dispatcher.rest(app, IDLE_MS)) continue;
      resting.add(app);
      count++;
    }
  });
  const callers: Caller[] = [];
  for (const { ms, apps: called } of history) {
    await world.clock.advance(ms);
    for (const app of called) {
      if (resting.delete(app)) world.dispatcher.point(app, apps[app]!);
      callers.push(call(world.dispatcher, { app, body: Buffer.from("700") }));
    }
  }
  await world.clock.advance(600_000);
  const outcomes = callers.map(({ status, failure, timing }) => ({ status, failure, timing }));
  return { commands: world.commands, outcomes, rests: count };
}

class World {
  readonly clock = new FakeClock();
  readonly policy = createPackingPolicy({ ...roomyHost, maxMachines: 6, blanks: 1, idleMs: null });
  /** What the policy commanded, except wake-ups, because one tick more or less changes nothing. */
  readonly commands: { at: number; command: PolicyCommand }[] = [];
  readonly dispatcher: LiveDispatcher;

  constructor() {
    const step = bindPolicy(this.policy);
    this.dispatcher = createDispatcher({
      policy: (event, now) => {
        const commands = step(event, now);
        this.commands.push(...commands.filter(({ type }) => type !== "wake").map((command) => ({ at: now, command })));
        return commands;
      },
      insight: insightOf(this.policy),
      fleet: new SteadyFleet(this.clock, new Random(1)),
      clock: this.clock,
      bootId: "b",
      logs: { append: () => undefined },
    });
  }
}

/** Revisions `<app>-1`, `<app>-2`, … with these weights. */
function targets(app: string, weights: number[] = [1]): ServedTarget[] {
  return weights.map((weight, i) => ({ revision: versionOf(app, String(i + 1)), weight }));
}
