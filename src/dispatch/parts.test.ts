/** Apps with functions of several runtimes: each runtime's functions have machines of their own, side by side. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isProgramRuntime, type MachineKind, type NamedRuntime } from "../base/kind/machine-kind.ts";
import { Random, seedOf } from "../base/testing/random.ts";
import { SteadyFleet } from "../simulator/testing/steady-fleet.ts";
import type { Version } from "../store/catalog/catalog.ts";
import type { Manifest } from "../store/catalog/manifest.ts";
import type { MachineId } from "../policy/policy.ts";
import { type Caller, call } from "./testing/caller.ts";
import { steadyWorld } from "./testing/steady-world.ts";
import { serve, versionOf } from "./testing/version.ts";

const SEED = seedOf();
const RUNS = 40;

/** Notes what a machine was given that it could not run. */
class WatchedFleet extends SteadyFleet {
  readonly faults: string[] = [];
  readonly #kinds = new Map<MachineId, MachineKind>();
  readonly #versions = new Map<MachineId, Version>();

  override start(...[id, order]: Parameters<SteadyFleet["start"]>): void {
    this.#kinds.set(id, order.kind);
    super.start(id, order);
  }

  override bind(id: MachineId, version: Version): void {
    const { runtime = "node", functions } = version.manifest;
    const wanted = isProgramRuntime(runtime) ? "node" : runtime;
    const { runtime: has } = this.#kinds.get(id)!;
    if (has !== wanted) this.faults.push(`a machine of ${has} was bound to functions of ${runtime}`);
    for (const [name, own] of Object.entries(functions))
      if ((own.runtime ?? runtime) !== runtime)
        this.faults.push(`${name} is of ${own.runtime}, and its machine was bound to functions of ${runtime}`);
    this.#versions.set(id, version);
    super.bind(id, version);
  }

  override request(...parameters: Parameters<SteadyFleet["request"]>): ReturnType<SteadyFleet["request"]> {
    const [id, head] = parameters;
    const { manifest, id: revision } = this.#versions.get(id)!;
    if (!Object.hasOwn(manifest.functions, head.function)) this.faults.push(`a machine got ${head.function}, which it has not`);
    if (head.revision !== revision) this.faults.push(`a guest was told of ${head.revision}, and runs ${revision}`);
    return super.request(...parameters);
  }
}

const set = (seed?: number) => steadyWorld(WatchedFleet, seed);

/** A revision of the app ada. @param runtimes of its functions, by their names */
function mixed(id: string, runtimes: Record<string, NamedRuntime>, more: Partial<Manifest> = {}): Version {
  const code = (runtime: NamedRuntime) => (runtime === "server" ? { command: ["x"] } : { entry: "x" });
  const functions = Object.entries(runtimes).map(([name, runtime]) => [name, { ...code(runtime), runtime, handler: "handler" }]);
  return versionOf("ada", id, { functions: Object.fromEntries(functions), ...more });
}

const ask = (dispatcher: ReturnType<typeof set>["dispatcher"], name: string, ms = 120) =>
  call(dispatcher, { app: "ada", function: name, url: "ada", body: Buffer.from(String(ms)) });

const answered = (callers: Caller[]) => {
  for (const caller of callers) assert.deepEqual([caller.ended, caller.failure], [true, undefined]);
};

const machinesOf = ({ dispatcher }: ReturnType<typeof set>) =>
  dispatcher
    .machines()
    .filter(({ revision }) => revision !== null)
    .map(({ revision, kind }) => `${revision} ${kind.runtime}`)
    .toSorted();

test("functions of each runtime have machines of their own kind, which are explained one by one", async () => {
  const parts = set();
  serve(parts.dispatcher, mixed("1", { page: "node", report: "python", pay: "java", site: "server" }));
  const callers = ["page", "report", "pay", "site", "page"].map((name) => ask(parts.dispatcher, name));
  await parts.clock.advance(5_000);
  answered(callers);
  assert.deepEqual(parts.fleet.faults, []);
  assert.deepEqual(machinesOf(parts), ["ada-1 java", "ada-1 node", "ada-1 node", "ada-1 python"]);
  const { facts, now } = parts.dispatcher.explain("ada");
  assert.deepEqual(
    facts.map(({ revision, runtime, bound }) => [revision, runtime, bound]),
    [
      ["ada-1", "node", 1],
      ["ada-1", "python", 1],
      ["ada-1", "java", 1],
      ["ada-1", "server", 1],
    ],
  );
  assert.ok(now.includes("Revision 1, functions of the runtime python:"), now.join("\n"));
});

test("what waits for a function that moves to another runtime is served by that", async () => {
  const parts = set();
  serve(parts.dispatcher, mixed("1", { a: "node", b: "node", c: "python" }));
  const callers = ["a", "b", "c", "a", "b"].map((name) => ask(parts.dispatcher, name));
  // No machine is up yet: all of them wait.
  serve(parts.dispatcher, mixed("2", { a: "python", b: "node", c: "java" }));
  await parts.clock.advance(10_000);
  answered(callers);
  assert.deepEqual(parts.fleet.faults, []);
  assert.deepEqual(machinesOf(parts), ["ada-2 java", "ada-2 node", "ada-2 python"]);
});

test("the limits of an app count over its runtimes: its minimum is kept once, by that of its first function", async () => {
  const parts = set();
  serve(parts.dispatcher, mixed("1", { a: "python", b: "node" }, { minMachines: 2 }));
  await parts.clock.advance(5_000);
  assert.deepEqual(machinesOf(parts), ["ada-1 python", "ada-1 python"]);
  assert.equal(parts.fleet.starts, 2);
  const caller = ask(parts.dispatcher, "b");
  await parts.clock.advance(5_000);
  answered([caller]);
});

test("an app that rests goes on with what was learned of each runtime, and one that is removed leaves no machine", async () => {
  const parts = set();
  const revision = mixed("1", { a: "python", b: "node" });
  serve(parts.dispatcher, revision);
  const callers = ["a", "b"].map((name) => ask(parts.dispatcher, name));
  await parts.clock.advance(90_000);
  answered(callers);
  assert.deepEqual(machinesOf(parts), []);
  assert.equal(parts.dispatcher.rest("ada", 1_000), true);
  serve(parts.dispatcher, revision);
  const again = ["a", "b"].map((name) => ask(parts.dispatcher, name));
  await parts.clock.advance(5_000);
  answered(again);
  parts.dispatcher.removeApp("ada");
  await parts.clock.advance(100);
  assert.deepEqual(machinesOf(parts), []);
});

test("no call is lost or given to a machine that cannot run it while revisions and their runtimes change", async (t) => {
  t.diagnostic(`MAYFLY_SEED=${SEED}`);
  for (let seed = SEED; seed < SEED + RUNS; seed++) {
    const random = new Random(seed);
    const parts = set(seed);
    const names = ["a", "b", "c", "d"];
    const runtimes: NamedRuntime[] = ["node", "python", "java", "provided", "server"];
    const revisions = Array.from({ length: 5 }, (_, at) =>
      mixed(String(at + 1), Object.fromEntries(names.map((name) => [name, runtimes[random.below(1 + random.below(5))]!]))),
    );
    const callers: Caller[] = [];
    for (let round = 0; round < 25; round++) {
      const targets = revisions.filter(() => random.chance(1 / 3));
      if (targets.length > 0 || round === 0)
        parts.dispatcher.point(
          "ada",
          (targets.length > 0 ? targets : revisions.slice(0, 1)).map((revision) => ({ revision, weight: 1 + random.below(9) })),
        );
      for (let calls = random.below(13); calls > 0; calls--) callers.push(ask(parts.dispatcher, random.pick(names), 1 + random.below(300)));
      await parts.clock.advance(random.below(200));
    }
    await parts.clock.advance(30_000);
    assert.deepEqual(parts.fleet.faults, [], `MAYFLY_SEED=${seed}`);
    const lost = callers.filter(({ ended }) => !ended).map(({ failure }) => failure?.code ?? "under way");
    assert.deepEqual(lost, [], `MAYFLY_SEED=${seed}`);
  }
});
