import { describe, test } from "node:test";
import assert from "node:assert/strict";
import { World, type WorldMachine } from "./testing/packing-world.ts";
import type { AppLimits } from "./policy.ts";
import { opaque, USUAL } from "./testing/kinds.ts";
import { roomyHost } from "./testing/roomy-host.ts";

const OPTIONS = { ...roomyHost, blanks: 0, idleMs: 1_000, maxMachines: 10 };
const LIMITS: AppLimits = {
  concurrency: 2,
  maxMachines: 5,
  queue: 10,
  kind: USUAL,
  minMachines: 0,
  reservedBlanks: 0,
  waitWorth: null,
};

describe("packing", () => {
  test("the fullest machine with a free slot gets the next invocation", () => {
    const world = worldOf({ ada: { concurrency: 3 } });
    const first = fill(world, "ada", 3);
    const second = fill(world, "ada", 1);
    world.finish(first[0] as number);
    world.arrive("ada");
    assert.equal(world.running.get(first[1] as number)?.running.size, 3);
    world.arrive("ada");
    assert.equal(world.running.get(second[0] as number)?.running.size, 2);
  });

  test("as many machines are started as waiting calls need, less those that are coming", () => {
    const world = worldOf({ ada: {} });
    for (let i = 0; i < 5; i++) world.arrive("ada");
    assert.equal(world.starts, 3);
    comeUp(world, 2);
    world.arrive("ada");
    assert.equal(world.starts, 3, "the sixth fits into the third machine");
  });

  test("a machine that is started to be a blank is hastened when a call begins to wait for it, and only then", () => {
    const world = worldOf({ ada: { concurrency: 1 } }, { blanks: 3 });
    const blanks = world.inPhase("starting");
    const urgent = () => blanks.map((machine) => machine.urgent);
    assert.deepEqual(urgent(), [false, false, false]);
    world.arrive("ada");
    assert.deepEqual(urgent(), [true, false, false]);
    world.arrive("ada");
    assert.deepEqual(urgent(), [true, true, false]);
    for (let i = 0; i < 3; i++) world.arrive("ada");
    assert.deepEqual(urgent(), [true, true, true]);
    assert.ok(world.inPhase("starting").filter((machine) => machine.urgent).length >= 5, "further ones are urgent from the start");
  });

  test("a revision never has more machines than it may have", () => {
    const world = worldOf({ ada: { maxMachines: 2, queue: 100 } });
    for (let i = 0; i < 50; i++) world.arrive("ada");
    assert.equal(world.starts, 2);
  });

  test("a full queue rejects, but a revision without a machine may always have one waiting", () => {
    const world = worldOf({ ada: { queue: 0, concurrency: 1, maxMachines: 1 } });
    world.arrive("ada");
    assert.equal(world.rejected.get(world.arrive("ada")), "queue-full");
    comeUp(world, 2);
    assert.equal(world.running.size, 1);
    assert.equal(world.rejected.get(world.arrive("ada")), "queue-full");
  });

  test("an unknown revision is rejected", () => {
    const world = worldOf({});
    assert.equal(world.rejected.get(world.arrive("ada")), "app-removed");
  });
});

describe("blanks", () => {
  test("are kept ready, and replenished once one is taken", () => {
    const world = worldOf({ ada: {} }, { blanks: 2 });
    world.send({ type: "tick" });
    assert.equal(world.starts, 2);
    comeUp(world, 2);
    world.arrive("ada");
    assert.equal(world.inPhase("binding").length, 1);
    comeUp(world, 1);
    assert.equal(world.starts, 2, "no blank is started while a caller needs the CPU");
    world.advance(250);
    assert.equal(world.starts, 3);
  });

  test("are replaced within a second, however many binds follow each other", () => {
    const world = worldOf({ ada: { concurrency: 1, maxMachines: 100, queue: 100 } }, { blanks: 20, maxMachines: 100 });
    world.send({ type: "tick" });
    comeUp(world, 1);
    for (let i = 0; i < 9; i++) {
      world.arrive("ada");
      world.advance(110);
    }
    assert.equal(world.starts, 20);
    world.arrive("ada");
    world.advance(110);
    assert.equal(world.starts, 30);
  });

  test("of one kind go to no revision of another kind, even of the same size", () => {
    const world = worldOf({ ada: { kind: opaque(256, "another image, ") } }, { blanks: 1 });
    world.send({ type: "tick" });
    comeUp(world, 1);
    world.arrive("ada");
    assert.equal(world.inPhase("blank").length, 1, "the usual blank is left alone");
    assert.deepEqual(
      world.inPhase("starting").map(({ kind }) => kind),
      [opaque(256, "another image, ")],
    );
  });

  test("of another kind are started only on demand, and killed when no revision takes them", () => {
    const world = worldOf({ ada: { kind: opaque(512) } }, { blanks: 1 });
    world.send({ type: "tick" });
    comeUp(world, 1);
    world.abandon(world.arrive("ada"));
    const big = world.inPhase("starting")[0] as WorldMachine;
    assert.deepEqual(big.kind, opaque(512));
    world.comeUp(big);
    world.advance(1_000);
    assert.equal(big.phase, "ending");
    assert.equal(world.inPhase("blank").length, 1, "the kept blank stays");
  });
});

describe("the end of a machine", () => {
  test("a machine is killed exactly when its idle time is up, by one wake", () => {
    const world = worldOf({ ada: {} });
    const [invocation] = fill(world, "ada", 1);
    world.now = 100.5;
    world.finish(invocation as number);
    assert.equal(world.wakeAt, 1_100.5);
    world.advance(999.9);
    assert.equal(world.inPhase("bound").length, 1);
    world.advance(0.1);
    assert.equal(world.inPhase("ending").length, 1);
  });

  test("work in between begins its idle time anew", () => {
    const world = worldOf({ ada: {} });
    world.finish(fill(world, "ada", 1)[0] as number);
    world.advance(900);
    world.finish(world.arrive("ada"));
    world.advance(999);
    assert.equal(world.inPhase("bound").length, 1);
    world.advance(1);
    assert.equal(world.inPhase("ending").length, 1);
  });

  test("a new version drains busy machines, kills idle and binding ones, and new work goes to new machines", () => {
    const world = worldOf({ ada: { concurrency: 1 } });
    const [busy] = fill(world, "ada", 1);
    const [idle] = fill(world, "ada", 1);
    const old = world.running.get(busy as number) as WorldMachine;
    world.finish(idle as number);
    world.send({ type: "revision-renewed", revision: "ada" });
    assert.equal(old.phase, "draining");
    assert.equal(world.inPhase("ending").length, 1);
    const next = world.arrive("ada");
    comeUp(world, 2);
    assert.notEqual(world.running.get(next), old);
    world.finish(busy as number);
    assert.equal(old.phase, "ending");
  });

  test("a condemned machine gets no more work and is killed once empty", () => {
    const world = worldOf({ ada: {} });
    const [invocation] = fill(world, "ada", 1);
    const machine = world.running.get(invocation as number) as WorldMachine;
    world.send({ type: "condemn", machine: machine.id, because: "abort-ignored" });
    world.arrive("ada");
    assert.equal(world.waiting.size, 1);
    world.finish(invocation as number);
    assert.equal(machine.phase, "ending");
  });

  test("removing a revision rejects what waits and kills its machines", () => {
    const world = worldOf({ ada: { concurrency: 1, maxMachines: 1 } });
    fill(world, "ada", 1);
    const waiting = world.arrive("ada");
    world.removeApp("ada");
    assert.equal(world.rejected.get(waiting), "app-removed");
    assert.equal(world.inPhase("ending").length, 1);
  });
});

describe("failed starts", () => {
  test("are tried again after a growing pause, then the waiting are rejected and later ones refused at once", () => {
    const world = worldOf({ ada: {} });
    const first = world.arrive("ada");
    for (const pause of [250, 500]) {
      failAll(world);
      assert.equal(world.inPhase("starting").length, 0);
      world.advance(pause);
      assert.equal(world.inPhase("starting").length, 1);
    }
    failAll(world);
    assert.equal(world.rejected.get(first), "start-failed");
    assert.equal(world.rejected.get(world.arrive("ada")), "start-failed");
    world.advance(1_000);
    world.arrive("ada");
    comeUp(world, 2);
    assert.equal(world.running.size, 1, "a success ends the pauses");
    assert.equal(world.state.pools[0]?.failures.rounds, 0);
  });

  test("let later callers wait for the end of the pause, and wake them", () => {
    const world = worldOf({ ada: {} });
    const first = world.arrive("ada");
    comeUp(world, 1);
    world.abandon(first);
    failAll(world);
    world.arrive("ada");
    world.advance(250);
    comeUp(world, 2);
    assert.equal(world.running.size, 1);
  });

  test("of several machines at once are one failure", () => {
    const world = worldOf({ ada: { concurrency: 1 } });
    for (let i = 0; i < 5; i++) world.arrive("ada");
    failAll(world);
    assert.equal(world.rejected.size, 0);
    assert.equal(world.state.pools[0]?.failures.rounds, 1);
  });

  test("of one kind pause no starts of another", () => {
    const world = worldOf({ ada: { kind: opaque(256, "broken image, ") }, bob: {} });
    world.arrive("ada");
    failAll(world);
    world.arrive("bob");
    assert.deepEqual(
      world.inPhase("starting").map(({ kind }) => kind),
      [USUAL],
    );
    comeUp(world, 2);
    assert.equal(world.running.size, 1);
  });

  test("one revision's failing binds do not stop another's", () => {
    const world = worldOf({ ada: {}, bob: {} });
    world.arrive("ada");
    comeUp(world, 1);
    failAll(world);
    world.arrive("bob");
    comeUp(world, 2);
    assert.equal([...world.running.values()][0]?.revision, "bob");
  });
});

describe("fairness", () => {
  test("a burst of one revision does not hold up another's first call", () => {
    const world = worldOf({ ada: { concurrency: 1 }, bob: {} }, { maxMachines: 4 });
    for (let i = 0; i < 4; i++) world.arrive("ada");
    const [first, second, third] = world.inPhase("starting") as [WorldMachine, WorldMachine, WorldMachine];
    world.comeUp(first);
    world.arrive("bob");
    world.comeUp(second);
    world.comeUp(third);
    assert.deepEqual([first.revision, second.revision, third.revision], ["ada", "bob", "ada"]);
  });

  test("on a full host, the machine that is idle for longest makes room for a revision with waiting calls", () => {
    const world = worldOf({ ada: { concurrency: 1 }, bob: {} }, { maxMachines: 2 });
    const [first] = fill(world, "ada", 1);
    const [second] = fill(world, "ada", 1);
    const idleLongest = world.running.get(second as number) as WorldMachine;
    world.finish(second as number);
    world.advance(10);
    world.finish(first as number);
    world.arrive("bob");
    assert.equal(idleLongest.phase, "ending");
    assert.equal(world.inPhase("ending").length, 1);
    world.exit(idleLongest);
    comeUp(world, 2);
    assert.equal([...world.running.values()][0]?.revision, "bob");
  });

  test("on a full and busy host, the revision with most machines gives one up for a revision with none", () => {
    const world = worldOf({ ada: { concurrency: 1 }, bob: {} }, { maxMachines: 2 });
    fill(world, "ada", 1);
    fill(world, "ada", 1);
    world.arrive("bob");
    assert.equal(world.inPhase("draining").length, 1);
    world.arrive("bob");
    assert.equal(world.inPhase("draining").length, 1, "one at a time");
  });
});

function worldOf(revisions: Record<string, Partial<AppLimits>>, options: Partial<typeof OPTIONS> = {}): World {
  const world = new World({ ...OPTIONS, ...options });
  for (const [revision, limits] of Object.entries(revisions)) world.setApp(revision, { ...LIMITS, ...limits });
  return world;
}

/** Lets calls arrive, and the machines for them come up. */
function fill(world: World, revision: string, count: number): number[] {
  const invocations = Array.from({ length: count }, () => world.arrive(revision));
  while (world.waiting.size > 0) comeUp(world, 1);
  return invocations;
}

function comeUp(world: World, steps: number): void {
  for (let i = 0; i < steps; i++) for (const machine of world.inPhase("starting", "binding")) world.comeUp(machine);
}

function failAll(world: World): void {
  for (const machine of world.inPhase("starting", "binding")) world.exit(machine);
}
