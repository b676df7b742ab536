/** What the policy does by itself: it starts machines ahead of need, keeps them, kills them, and shares the host. */
import { describe, test } from "node:test";
import assert from "node:assert/strict";
import { explainApp } from "./explain.ts";
import type { OpaqueKind } from "./policy.ts";
import { opaque, USUAL } from "./testing/kinds.ts";
import { LIMITS, live, tell, worldOf } from "./testing/learning-world.ts";
import type { WorldMachine } from "./testing/packing-world.ts";

describe("spares", () => {
  test("under growing load a machine is started before the last slot fills", () => {
    const world = worldOf({ ada: {} });
    let waited = 0;
    for (let i = 0; i < 200; i++) {
      world.arrive("ada");
      // At first nothing is known of the revision.
      if (i >= 60 && world.waiting.size > 0) waited++;
      live(world, 20);
    }
    assert.equal(world.running.size, 200);
    assert.ok(waited <= 2, `${waited} of the last 140 waited`);
  });

  test("a burst that ends leaves the fewest machines within seconds", () => {
    const world = worldOf({ ada: {} });
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 100; i++) world.arrive("ada");
      live(world, 3_000);
      for (const invocation of [...world.running.keys()].slice(0, 99)) world.finish(invocation);
      live(world, 60_000);
      for (const invocation of world.running.keys()) world.finish(invocation);
      live(world, 600_000);
    }
    for (let i = 0; i < 100; i++) world.arrive("ada");
    live(world, 3_000);
    assert.ok(world.inPhase("bound").length >= 10);
    for (const invocation of [...world.running.keys()].slice(0, 99)) world.finish(invocation);
    live(world, 8_000);
    assert.ok(world.inPhase("bound").length <= 2, `${world.inPhase("bound").length} machines for one invocation`);
  });
});

describe("keeping and starting ahead", () => {
  test("after the last call of a burst nothing is bound ahead any more", () => {
    const world = worldOf({ ada: { concurrency: 1 } }, { startsPerSecond: 5 });
    const calls = Array.from({ length: 40 }, () => world.arrive("ada"));
    live(world, 6_000);
    for (const call of calls) if (world.running.has(call)) world.finish(call);
    live(world, 4_000);
    for (const call of calls) if (world.running.has(call)) world.finish(call);
    live(world, 3_000);
    const before = world.starts;
    live(world, 300_000);
    assert.ok(world.starts - before <= 3, `${world.starts - before} starts with nobody calling`);
    assert.equal(world.inPhase("bound").length, 0);
  });

  test("a caller who comes every five minutes finds a machine, which is not held in between", () => {
    const world = worldOf({ ada: {} });
    let [found, held] = [0, 0];
    for (let round = 0; round < 12; round++) {
      live(world, 290_000);
      const before = world.inPhase("bound").length;
      live(world, 10_000);
      if (round > 5) held += before;
      if (round > 5 && world.inPhase("bound").length === 1) found++;
      const invocation = world.arrive("ada");
      live(world, 100);
      world.finish(invocation);
    }
    assert.equal(found, 6);
    assert.equal(held, 0);
  });

  test("a machine is started for one call a day, and not held for it", () => {
    const world = worldOf({ ada: {} });
    for (const hours of [20, 29, 3, 41, 13, 25, 8, 33]) {
      const invocation = world.arrive("ada");
      live(world, 500);
      world.finish(invocation);
      live(world, hours * 3_600_000);
    }
    const invocation = world.arrive("ada");
    live(world, 500);
    world.finish(invocation);
    assert.equal(world.inPhase("bound").length, 0, "killed in the moment it is idle");
  });

  test("the minimum is there without a call, and kept, and goes when it is lowered", () => {
    const world = worldOf({ ada: { minMachines: 2 } });
    live(world, 86_400_000);
    assert.equal(world.inPhase("bound").length, 2);
    world.setApp("ada", LIMITS);
    live(world, 60_000);
    assert.equal(world.inPhase("bound").length, 0);
  });
});

describe("blanks", () => {
  test("blanks that an app has reserved go to no other app", () => {
    const world = worldOf({ ada: { reservedBlanks: 2 }, bob: { concurrency: 1 } });
    live(world, 5_000);
    for (let i = 0; i < 5; i++) world.arrive("bob");
    assert.ok(world.inPhase("blank").length >= 2);
    world.arrive("ada");
    assert.equal(world.inPhase("binding").filter((machine) => machine.revision === "ada").length, 1);
  });

  test("as many blanks are kept as are taken at a time", () => {
    const revisions = Array.from({ length: 400 }, (_, i) => `app-${i}`);
    const world = worldOf(Object.fromEntries(revisions.map((name) => [name, {}])), { maxMachines: 1_000 });
    for (let i = 0; i < revisions.length; i += 8) {
      const calls = revisions.slice(i, i + 8).map((name) => world.arrive(name));
      live(world, 2_000);
      for (const call of calls) world.finish(call);
    }
    assert.ok(world.inPhase("blank").length >= 8, `${world.inPhase("blank").length} blanks`);
  });

  test("each kind has as many as are taken of it, and gives them up when no revision is of it any more", () => {
    const other = opaque(256, "another image, ");
    const revisions = Array.from({ length: 400 }, (_, i) => `app-${i}`);
    const world = worldOf(Object.fromEntries(revisions.map((name) => [name, { kind: other }])), { maxMachines: 1_000 });
    const blanks = () => world.inPhase("blank").map(({ kind }) => kind);
    for (let i = 0; i < revisions.length; i += 8) {
      const calls = revisions.slice(i, i + 8).map((name) => world.arrive(name));
      live(world, 2_000);
      for (const call of calls) world.finish(call);
    }
    const of = (kind: OpaqueKind) => blanks().filter(({ key }) => key === kind.key).length;
    assert.ok(of(other) >= 8, `${of(other)} blanks of the kind that is taken`);
    assert.equal(of(USUAL), 1, "of the usual kind there are as many as the option says");
    for (const name of revisions) world.removeApp(name);
    live(world, 30_000);
    assert.deepEqual(blanks(), [USUAL]);
    assert.deepEqual(
      world.state.pools.map(({ kind }) => kind),
      [USUAL],
      "nothing is kept of a kind that is gone",
    );
  });
});

test("a start that waited for its kind's template says little about how long starts take", () => {
  const world = worldOf({ ada: { kind: opaque(512) }, bob: {} });
  const aheadMs = () => explainApp(world.state, "bob", world.now)?.learned?.demand?.aheadMs ?? 0;
  live(world, 5_000);
  world.arrive("bob");
  live(world, 2_000);
  const before = aheadMs();
  assert.ok(before > 0);
  world.arrive("ada");
  const [slow] = world.inPhase("starting") as [WorldMachine];
  assert.deepEqual(slow.kind, opaque(512));
  world.advance(60_000);
  world.comeUp(slow);
  assert.ok(aheadMs() < 3 * before, `${aheadMs()} ms, and ${before} ms before`);
});

describe("limits of the host", () => {
  test("there are no more starts per second than the host may have, and a start that had to wait is made later", () => {
    const world = worldOf({ ada: { concurrency: 1, maxMachines: 100 } }, { startsPerSecond: 5, maxMachines: 200 });
    live(world, 5_000);
    const before = world.starts;
    for (let i = 0; i < 40; i++) world.arrive("ada");
    live(world, 2_000);
    assert.ok(world.starts - before <= 16, `${world.starts - before} starts in two seconds`);
    live(world, 10_000);
    assert.equal(world.running.size, 40);
  });

  test("memory and vCPUs of the host are limits, too", () => {
    for (const limit of [{ maxMemoryMb: 1_024 }, { maxVcpus: 4 }]) {
      const world = worldOf({ ada: { concurrency: 1 } }, limit);
      for (let i = 0; i < 20; i++) world.arrive("ada");
      live(world, 5_000);
      assert.equal(world.machines.size, 4);
    }
  });
});

test("a record says what the policy knows of a revision", () => {
  const world = worldOf({ ada: {} });
  world.arrive("ada");
  live(world, 1_000);
  const facts = explainApp(world.state, "ada", world.now);
  assert.partialDeepStrictEqual(facts, { inFlight: 1, waiting: 0, bound: 1, slots: 10 });
  assert.ok((facts?.learned?.costs.memoryGb ?? 0) > 0);
  assert.partialDeepStrictEqual(facts?.machines, [{ phase: "bound", inFlight: 1, idleMs: null }]);
  assert.equal(explainApp(world.state, "nobody", 0), undefined);
});

test("while its machines use all of the host's CPU, a revision gets no more of them for what waits, unless nothing moves", () => {
  const world = worldOf({ ada: { concurrency: 2 }, bob: {} }, { hostCpus: 2 });
  for (let i = 0; i < 4; i++) world.arrive("ada");
  live(world, 1_000);
  const before = world.inPhase("bound").length;
  for (let report = 0; report < 3; report++) for (const machine of world.inPhase("bound")) tell(world, machine, 1);
  for (let i = 0; i < 10; i++) world.arrive("ada");
  for (let i = 0; i < 20; i++) {
    world.arrive("ada");
    const [running] = world.running.keys();
    world.finish(running as number);
    live(world, 20);
  }
  assert.equal(world.inPhase("bound", "binding").length, before);
  world.arrive("bob");
  live(world, 1_000);
  assert.ok(
    world.inPhase("bound").some(({ revision }) => revision === "bob"),
    "another revision's first call is served all the same",
  );
  live(world, 1_000);
  assert.ok(world.inPhase("bound").filter(({ revision }) => revision === "ada").length > before, "nothing ended for two seconds");
});

test("while the host is busy blanks are replaced one at a time, for other revisions' first calls", () => {
  const world = worldOf({ ada: {}, bob: { reservedBlanks: 2 } }, { hostCpus: 1, blanks: 3 });
  live(world, 10_000);
  assert.equal(world.inPhase("blank").length, 5);
  for (let i = 0; i < 30; i++) world.arrive("ada");
  let most = 0;
  for (let i = 0; i < 100; i++) {
    live(world, 20);
    most = Math.max(most, world.inPhase("starting").length);
  }
  assert.equal(most, 1);
  assert.equal(world.inPhase("blank").length, 5);
});
