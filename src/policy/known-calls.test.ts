/** Calls whose time is known: the machine is there in time, and is not held for longer than that pays. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { restsSince } from "./at-rest.ts";
import { explainApp } from "./explain.ts";
import { live, worldOf } from "./testing/learning-world.ts";

const machines = (world: ReturnType<typeof worldOf>) => world.inPhase("binding", "bound").length;

test("a machine is bound before the call that is known to come, and not much earlier", () => {
  const world = worldOf({ ada: {} });
  live(world, 60_000);
  world.send({ type: "expected", revision: "ada", inMs: 10_000 });
  assert.deepEqual(explainApp(world.state, "ada", world.now)!.learned!.known!.heldForMs, 12_000);
  live(world, 9_000);
  assert.equal(machines(world), 0);
  live(world, 1_000);
  assert.equal(world.inPhase("bound").length, 1);
  assert.ok(
    world.events.flatMap(({ commands }) => commands).some((command) => command.type === "bind" && command.why.kind === "call-known"),
  );
  const before = world.now;
  const invocation = world.arrive("ada");
  assert.equal(world.now, before);
  world.finish(invocation);
});

test("a call that is known and does not come costs two seconds of a machine", () => {
  const world = worldOf({ ada: {} });
  live(world, 60_000);
  assert.notEqual(restsSince(world.state, "ada", world.now), undefined);
  world.send({ type: "expected", revision: "ada", inMs: 5_000 });
  assert.equal(restsSince(world.state, "ada", world.now), undefined);
  live(world, 5_000);
  assert.equal(machines(world), 1);
  live(world, 100_000);
  assert.equal(machines(world), 0);
  assert.equal(explainApp(world.state, "ada", world.now)!.learned!.known, null);
});

test("another call before it does not make the policy forget the time", () => {
  const world = worldOf({ ada: {} }, { waitWorth: 0.5 });
  live(world, 60_000);
  world.send({ type: "expected", revision: "ada", inMs: 10_000 });
  const invocation = world.arrive("ada");
  live(world, 1_000);
  world.finish(invocation);
  live(world, 9_000);
  assert.equal(world.inPhase("bound").length, 1);
});

test("where a wait is worth nothing, no machine is started before the call", () => {
  const world = worldOf({ ada: {} }, { waitWorth: 0 });
  live(world, 60_000);
  world.send({ type: "expected", revision: "ada", inMs: 1_000 });
  live(world, 5_000);
  assert.equal(machines(world), 0);
});
