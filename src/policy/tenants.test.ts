/** What all apps of a tenant may have together, and how tenants share a full host. */
import { describe, test } from "node:test";
import assert from "node:assert/strict";
import type { AppLimits, TenantShare } from "./policy.ts";
import { opaque, USUAL } from "./testing/kinds.ts";
import { World, type WorldMachine } from "./testing/packing-world.ts";
import { roomyHost } from "./testing/roomy-host.ts";

const LIMITS: AppLimits = {
  concurrency: 1,
  maxMachines: 10,
  queue: 100,
  kind: USUAL,
  minMachines: 0,
  reservedBlanks: 0,
  waitWorth: null,
};
const NOTHING: Omit<TenantShare, "id"> = { machines: null, memoryMb: null, vcpus: null, startsPerSecond: null };
const HOST = { ...roomyHost, blanks: 0, idleMs: 60_000, maxMachines: 20 };

/** Names of apps are `<tenant>.<app>`. */
function worldOf(apps: Record<string, Partial<AppLimits>>, shares: Record<string, Partial<TenantShare>>, maxMachines = 20): World {
  const world = new World({ ...HOST, maxMachines });
  for (const [name, more] of Object.entries(apps)) {
    const id = name.split(".")[0] as string;
    world.setApp(name, { ...LIMITS, ...more, tenant: { id, ...NOTHING, ...shares[id] } });
  }
  return world;
}

/** Lets everything come up and end, but finishes no invocation. */
function comeUp(world: World): void {
  for (let round = 0; round < 1_000; round++) {
    const [machine] = world.inPhase("starting", "binding", "ending");
    if (machine === undefined) return;
    if (machine.phase === "ending") world.exit(machine);
    else world.comeUp(machine);
  }
  assert.fail("machines come and go for ever");
}

function machinesOf(world: World, tenant: string): WorldMachine[] {
  return [...world.machines.values()].filter((machine) => machine.tenant === tenant);
}

const call = (world: World, app: string, count: number) => Array.from({ length: count }, () => world.arrive(app));

describe("a tenant's limits", () => {
  test("bound the machines, the memory and the vCPUs of all its apps together, and of nobody else", () => {
    const big = opaque(512);
    for (const [share, most] of [
      [{ machines: 3 }, 3],
      [{ memoryMb: 2 * USUAL.memoryMb + 100 }, 2],
      [{ vcpus: 4 * USUAL.vcpus }, 4],
    ] as const) {
      const world = worldOf({ "acme.ada": {}, "acme.bob": {}, "other.cyd": { kind: big } }, { acme: share });
      for (const app of ["acme.ada", "acme.bob", "other.cyd"]) call(world, app, 5);
      comeUp(world);
      assert.equal(machinesOf(world, "acme").length, most, JSON.stringify(share));
      assert.equal(machinesOf(world, "other").length, 5);
      assert.equal(world.starts, most + 5, "nothing is started that cannot be given to anybody");
    }
  });

  test("let what waits have the place of what is idle, in the same tenant only", () => {
    const world = worldOf({ "acme.ada": {}, "acme.bob": {}, "other.cyd": {} }, { acme: { machines: 1 } });
    const [first] = call(world, "acme.ada", 1);
    call(world, "other.cyd", 1).forEach((invocation) => {
      comeUp(world);
      world.finish(invocation);
    });
    call(world, "acme.bob", 1);
    comeUp(world);
    assert.equal(world.waiting.size, 1, "ada has the place as long as it has work");
    world.finish(first as number);
    comeUp(world);
    assert.equal(world.waiting.size, 0);
    assert.deepEqual(
      machinesOf(world, "acme").map(({ revision }) => revision),
      ["acme.bob"],
    );
    assert.equal(machinesOf(world, "other").length, 1, "the idle machine of another tenant stays");
  });

  test("take a machine of the app that has most, for one that has none", () => {
    const world = worldOf({ "acme.ada": {}, "acme.bob": {} }, { acme: { machines: 2 } });
    const [first] = call(world, "acme.ada", 2);
    comeUp(world);
    call(world, "acme.bob", 1);
    assert.equal(world.inPhase("draining").length, 1);
    world.finish(first as number);
    comeUp(world);
    assert.deepEqual(
      machinesOf(world, "acme")
        .map(({ revision }) => revision ?? "")
        .toSorted((a, b) => (a < b ? -1 : 1)),
      ["acme.ada", "acme.bob"],
    );
  });

  test("bound how many machines it is given per second", () => {
    const world = worldOf({ "acme.ada": {}, "other.cyd": {} }, { acme: { startsPerSecond: 2 } });
    for (const app of ["acme.ada", "other.cyd"]) call(world, app, 8);
    comeUp(world);
    assert.deepEqual([machinesOf(world, "acme").length, machinesOf(world, "other").length], [2, 8]);
    for (let halfSeconds = 1; halfSeconds <= 6; halfSeconds++) {
      world.advance(501);
      comeUp(world);
      assert.equal(machinesOf(world, "acme").length, 2 + halfSeconds);
    }
  });

  test("count at once when they are raised or lowered", () => {
    const world = worldOf({ "acme.ada": {} }, { acme: { machines: 1 } });
    call(world, "acme.ada", 4);
    comeUp(world);
    assert.equal(machinesOf(world, "acme").length, 1);
    world.setApp("acme.ada", { ...LIMITS, tenant: { id: "acme", ...NOTHING, machines: 3 } });
    comeUp(world);
    assert.equal(machinesOf(world, "acme").length, 3);
  });

  test("leave nothing behind of a tenant whose apps are gone", () => {
    const world = worldOf({ "acme.ada": {} }, { acme: { machines: 1 } });
    call(world, "acme.ada", 1);
    comeUp(world);
    world.removeApp("acme.ada");
    comeUp(world);
    assert.equal(world.state.tenants.size, 0);
  });
});

describe("a full host", () => {
  test("gives its machines to tenants in turns, and not by how many apps each has", () => {
    const apps = Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`acme.a${at}`, {}]));
    const world = worldOf({ ...apps, "other.cyd": {}, "other.dee": {} }, {}, 4);
    for (const app of Object.keys(apps)) call(world, app, 1);
    for (const app of ["other.cyd", "other.dee"]) call(world, app, 1);
    comeUp(world);
    // What runs is drained one by one, as it ends.
    for (let round = 0; round < 20 && machinesOf(world, "other").length < 2; round++) {
      const draining = world.inPhase("draining")[0];
      if (draining !== undefined) for (const invocation of draining.running) world.finish(invocation);
      comeUp(world);
    }
    assert.deepEqual([machinesOf(world, "acme").length, machinesOf(world, "other").length], [2, 2]);
    assert.equal(world.inPhase("draining").length, 0, "and then nobody is drained any more");
  });
});
