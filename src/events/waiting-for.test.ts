import assert from "node:assert/strict";
import { test } from "node:test";
import { done, refused, World } from "./testing/world.ts";
import { type WaitingFor, waitingFor } from "./waiting-for.ts";

async function explained(world: World, id: string): Promise<WaitingFor | null> {
  const event = await world.commit.run("show", { app: "app_a", id });
  return waitingFor(event!, world.runner.look(event!.lane));
}

test("of each waiting event it is known what it waits for", async () => {
  const world = new World({ most: 8 });
  world.limit = 2;
  const running = await world.accept("pay", { orderKey: "k" });
  const held = await world.accept("pay", { orderKey: "k" });
  await world.accept("pay");
  const behind = await world.accept("pay");
  const at = world.clock.wall() + 5_000;
  const later = await world.accept("pay", { dueAt: at });
  assert.deepEqual(await explained(world, running), { kind: "run" });
  assert.deepEqual(await explained(world, held), { kind: "predecessor", event: running });
  assert.deepEqual(await explained(world, behind), { kind: "concurrency", running: 2, limit: 2 });
  assert.deepEqual(await explained(world, later), { kind: "time", at, why: null });
  await world.end(done);
  assert.equal(await explained(world, running), null);
});

test("an event waits for a share of the places, for the end of a pause, and for a function that has refused", async () => {
  const world = new World({ most: 4 });
  const lane = { performer: "function", app: "app_a", target: "slow" };
  for (let at = 0; at < 2; at++) await world.accept("slow");
  const third = await world.accept("slow");
  assert.deepEqual(await explained(world, third), { kind: "share", running: 2, all: 2, most: 4 });
  await world.commit.run("pause", { lane: await world.commit.run("laneOf", lane), isPaused: true });
  assert.deepEqual(await explained(world, third), { kind: "pause" });
  const refusing = await world.accept("full");
  await world.end(refused, "full");
  assert.equal((await explained(world, refusing))!.kind, "time");
  const next = await world.accept("full");
  assert.equal((await explained(world, next))!.kind, "rest");
});
