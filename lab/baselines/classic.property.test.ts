import { test } from "node:test";
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { faasCache } from "./faascache.ts";
import { fixedKeepAlive } from "./fixed.ts";
import { hybridHistogram } from "./hybrid.ts";
import { knative } from "./knative.ts";
import { openWhisk } from "./openwhisk.ts";
import type { Rules } from "./rules.ts";
import { ClassicWorld } from "./testing/classic-world.ts";
import { kindOf, usualChoice, usualKind } from "../../src/base/kind/machine-kind.ts";

const APPS = ["ada", "constructor", "cyd"];
const ALL: Record<string, () => unknown> = {
  never: () => fixedKeepAlive(0),
  fixed: () => fixedKeepAlive(1_000),
  always: () => fixedKeepAlive(Infinity),
  kpa: () => knative(7),
  openwhisk: openWhisk,
  hybrid: hybridHistogram,
  faascache: faasCache,
};

/** The state with plain objects, as structuredClone makes them. */
const PLAIN = { noNullPrototype: true };

const limits = fc.record(
  {
    concurrency: fc.integer({ min: 1, max: 4 }),
    minMachines: fc.constant(0),
    maxMachines: fc.integer({ min: 1, max: 4 }),
    reservedBlanks: fc.constant(0),
    waitWorth: fc.constant(null),
    queue: fc.integer({ min: 0, max: 8 }),
    kind: fc.constantFrom(usualKind, kindOf({ memoryMb: 512, vcpus: 1 }, "linux"), kindOf(usualChoice, "osv")),
  },
  PLAIN,
);
const host = fc.record(
  {
    maxMachines: fc.integer({ min: 1, max: 6 }),
    maxMemoryMb: fc.constantFrom(512, 2_048, Infinity),
    maxTimesPeak: fc.constantFrom(1, 1.5, Infinity),
  },
  PLAIN,
);
const app = fc.constantFrom(...APPS);
const pick = fc.nat(1_000);
const action = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant("arrive" as const), app }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("finish" as const), pick }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("come-up" as const), pick }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("exit-killed" as const), pick }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("advance" as const), ms: fc.constantFrom(0.25, 60, 2_000, 70_000, 900_000) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("report" as const), pick, mb: fc.constantFrom(40, 300) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("abandon" as const), pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("crash" as const), pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("condemn" as const), pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("update" as const), app }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove" as const), app }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("set" as const), app, limits }) },
);
type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;

const run = fc.record({ host, apps: fc.tuple(limits, limits, limits), actions: fc.array(action, { maxLength: 120, size: "max" }) });

for (const [name, rules] of Object.entries(ALL)) {
  test(`${name}: whatever happens, no rule is broken and nothing waits for ever`, () => {
    fc.assert(
      fc.property(run, ({ host, apps, actions }) => {
        const world = new ClassicWorld(rules() as Rules<unknown, unknown>, host);
        APPS.forEach((name, i) => world.setApp(name, apps[i] as (typeof apps)[number]));
        for (const one of actions) perform(world, one);
        world.settle();
        assert.deepEqual([...world.waiting], [], "an invocation waits though every machine came up");
      }),
      { numRuns: 200 },
    );
  });
}

test("a policy goes on with a copy of its state as with the state", () => {
  for (const rules of Object.values(ALL))
    fc.assert(
      fc.property(run, ({ host, apps, actions }) => {
        const world = new ClassicWorld(rules() as Rules<unknown, unknown>, host);
        APPS.forEach((name, i) => world.setApp(name, apps[i] as (typeof apps)[number]));
        const copied = new ClassicWorld(rules() as Rules<unknown, unknown>, host);
        APPS.forEach((name, i) => copied.setApp(name, apps[i] as (typeof apps)[number]));
        for (const one of actions) {
          copied.state = structuredClone(copied.state);
          perform(world, one);
          perform(copied, one);
        }
        assert.deepEqual(copied.state, world.state);
      }),
      { numRuns: 15 },
    );
});

function perform(world: ClassicWorld, action: Action): void {
  switch (action.kind) {
    case "arrive":
      return void world.arrive(action.app);
    case "finish":
      return one(world.running.keys(), action.pick, (invocation) => world.finish(invocation));
    case "come-up":
      return one(world.inPhase("starting", "binding"), action.pick, (machine) => world.comeUp(machine));
    case "exit-killed":
      return one(world.inPhase("ending"), action.pick, (machine) => void world.exit(machine));
    case "advance":
      return world.advance(action.ms);
    case "report":
      return one(
        world.inPhase("bound"),
        action.pick,
        ({ id }) => void world.send({ type: "stats", machine: id, stats: { cpu: 0, memoryBytes: action.mb * 1_048_576, loopDelayMs: 0 } }),
      );
    case "abandon":
      return one(world.waiting.keys(), action.pick, (invocation) => world.abandon(invocation));
    case "crash":
      return one(world.machines.values(), action.pick, (machine) => void world.exit(machine));
    case "condemn":
      return one(
        world.machines.values(),
        action.pick,
        ({ id }) => void world.send({ type: "condemn", machine: id, because: "abort-ignored" }),
      );
    case "update":
      return void world.send({ type: "revision-renewed", revision: action.app });
    case "remove":
      return world.revisions.has(action.app)
        ? world.removeApp(action.app)
        : void world.send({ type: "revision-removed", revision: action.app });
    case "set":
      return world.setApp(action.app, action.limits);
  }
}

function one<T>(candidates: Iterable<T>, pick: number, act: (candidate: T) => void): void {
  const all = [...candidates];
  if (all.length > 0) act(all[pick % all.length] as T);
}
