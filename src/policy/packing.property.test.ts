import { test } from "node:test";
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { createPackingPolicy } from "./packing.ts";
import type { AppLimits } from "./policy.ts";
import { World } from "./testing/packing-world.ts";
import { opaque, USUAL } from "./testing/kinds.ts";

const APPS = ["ada", "constructor", "cyd"];

/** Two apps are of one tenant, and one of another. A tenant that may have too little for a machine would let calls wait for ever. */
const TENANTS: Record<string, string> = { ada: "acme", constructor: "acme", cyd: "__proto__" };
const share = fc.record({
  machines: fc.constantFrom(null, 1, 2),
  memoryMb: fc.constantFrom(null, 512, 1_024),
  vcpus: fc.constantFrom(null, 1, 3),
  startsPerSecond: fc.constantFrom(null, 0.5, 4),
});

/** What a revision has that serves one key of its app. */
const apart = fc.record({ machines: fc.constantFrom(1, 2), queue: fc.constantFrom(1, 3) });

const limits = fc.record({
  share: fc.option(share),
  apart: fc.option(apart),
  snapshot: fc.boolean(),
  concurrency: fc.integer({ min: 1, max: 4 }),
  maxMachines: fc.integer({ min: 1, max: 4 }),
  queue: fc.integer({ min: 0, max: 8 }),
  kind: fc.constantFrom(USUAL, opaque(512), opaque(256, "another image, ")),
  minMachines: fc.constantFrom(0, 0, 1),
  reservedBlanks: fc.constantFrom(0, 0, 1),
  waitWorth: fc.constantFrom(null, 0, 1_000),
});

const options = fc.record({
  blanks: fc.integer({ min: 0, max: 3 }),
  idleMs: fc.constantFrom(0, 50, 1_000, null),
  maxMachines: fc.integer({ min: 1, max: 6 }),
  usual: fc.constant(USUAL),
  maxMemoryMb: fc.constantFrom(512, 2_048),
  maxVcpus: fc.constantFrom(3, 100),
  startsPerSecond: fc.constantFrom(1, 1_000),
  waitWorth: fc.constantFrom(0, 100),
  cpuWorth: fc.constant(9),
  hostCpus: fc.constantFrom(1, 1_000),
});

const app = fc.constantFrom(...APPS);
const pick = fc.nat(1_000);
const action = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant("arrive" as const), app }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("finish" as const), pick }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("come-up" as const), pick }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("exit-killed" as const), pick }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("advance" as const), ms: fc.constantFrom(0.25, 10, 60, 400, 2_000) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("abandon" as const), pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("crash" as const), pick, retry: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("condemn" as const), pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("update" as const), app }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove" as const), app }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("set" as const), app, limits }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("deploy" as const), app, limits }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("beside" as const), app, limits }) },
);
type Limits = typeof limits extends fc.Arbitrary<infer L> ? L : never;
type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;

const run = fc.record({ options, revisions: fc.tuple(limits, limits, limits), actions: fc.array(action, { maxLength: 150, size: "max" }) });

test("whatever happens, no rule is broken and nothing waits for ever", () => {
  fc.assert(
    fc.property(run, ({ options, revisions, actions }) => {
      const world = new World(options);
      APPS.forEach((name, i) => world.setApp(name, limitsOf(name, revisions[i] as Limits)));
      world.send({ type: "tick" });
      for (const one of actions) perform(world, one);
      world.settle();
      assert.deepEqual([...world.waiting], [], "an invocation waits though every machine came up");
    }),
    { numRuns: 1_500 },
  );
});

test("the same events give the same commands, through a copy of the state at every step", () => {
  fc.assert(
    fc.property(run, ({ options, revisions, actions }) => {
      const world = new World(options);
      APPS.forEach((name, i) => world.setApp(name, limitsOf(name, revisions[i] as Limits)));
      for (const one of actions) perform(world, one);
      const again = createPackingPolicy(options);
      for (const { now, event, commands } of world.events) {
        again.state = structuredClone(again.state);
        assert.deepEqual(again.step(again.state, event, now), commands);
      }
      assert.deepEqual(again.state, structuredClone(world.state));
    }),
    { numRuns: 100 },
  );
});

function limitsOf(app: string, { share: told, apart: key, ...rest }: Limits): AppLimits {
  const own = key === null ? rest : { ...rest, apart: key, aside: true, minMachines: 0, reservedBlanks: 0 };
  return told === null ? own : { ...own, tenant: { id: TENANTS[app] as string, ...told } };
}

function perform(world: World, action: Action): void {
  switch (action.kind) {
    case "arrive":
      return void world.arrive(world.liveOf(action.app)[world.events.length % Math.max(1, world.liveOf(action.app).length)] ?? action.app);
    case "finish":
      return one(world.running.keys(), action.pick, (invocation) => world.finish(invocation));
    case "come-up":
      return one(world.inPhase("starting", "binding"), action.pick, (machine) => world.comeUp(machine));
    case "exit-killed":
      return one(world.inPhase("ending"), action.pick, (machine) => world.exit(machine));
    case "advance":
      return world.advance(action.ms);
    case "abandon":
      return one(world.waiting.keys(), action.pick, (invocation) => world.abandon(invocation));
    case "crash":
      return one(world.machines.values(), action.pick, (machine) => {
        for (const lost of world.exit(machine)) if (action.retry && machine.revision !== null) world.arrive(machine.revision, lost);
      });
    case "condemn":
      return one(world.machines.values(), action.pick, (machine) =>
        world.send({ type: "condemn", machine: machine.id, because: "abort-ignored" }),
      );
    case "update":
      return void world.send({ type: "revision-renewed", revision: world.liveOf(action.app)[0] ?? action.app });
    case "remove":
      return world.removeApp(action.app);
    case "set":
      return setApp(world, action.app, limitsOf(action.app, action.limits));
    case "deploy":
      return void world.deploy(action.app, limitsOf(action.app, action.limits));
    case "beside":
      return void world.addBeside(action.app, limitsOf(action.app, action.limits));
  }
}

/** Sets new limits and renews the machines, as a deploy does: a new memory size comes with new code. */
function setApp(world: World, name: string, limits: Parameters<World["setApp"]>[1]): void {
  world.setApp(name, limits);
  world.send({ type: "revision-renewed", revision: name });
}

function one<T>(candidates: Iterable<T>, pick: number, act: (candidate: T) => void): void {
  const all = [...candidates];
  if (all.length > 0) act(all[pick % all.length] as T);
}
