/** Calls that name a revision: they get machines of their own, besides the calls that are split over the app's revisions. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SteadyFleet } from "../simulator/testing/steady-fleet.ts";
import { branchOfPin } from "./invocation.ts";
import { call } from "./testing/caller.ts";
import { steadyWorld } from "./testing/steady-world.ts";
import { versionOf } from "./testing/version.ts";

const old = versionOf("ada", "old");
const young = versionOf("ada", "young");

function set() {
  const world = steadyWorld(SteadyFleet);
  world.dispatcher.point("ada", [{ revision: young, weight: 1 }]);
  return world;
}

test("a pinned revision runs the calls that name it and no others, and stays while the app's calls move", async () => {
  const { clock, dispatcher } = set();
  dispatcher.pin("ada", "1", old);
  assert.deepEqual([dispatcher.isPinned("ada", "1"), dispatcher.isPinned("ada", "2")], [true, false]);
  const named = call(dispatcher, { app: "ada", branch: branchOfPin("1"), body: Buffer.from("5000") });
  const other = call(dispatcher, { app: "ada", body: Buffer.from("5000") });
  await clock.advance(1_000);
  const revisions = () =>
    dispatcher
      .machines()
      .map(({ revision }) => String(revision))
      .toSorted();
  assert.deepEqual(revisions(), ["ada-old", "ada-young"]);
  dispatcher.point("ada", [{ revision: versionOf("ada", "youngest"), weight: 1 }]);
  const late = call(dispatcher, { app: "ada", branch: branchOfPin("1"), body: Buffer.from("5") });
  await clock.advance(10_000);
  assert.deepEqual([named.status, other.status, late.status], [200, 200, 200]);
  assert.equal(late.failure, undefined);
  assert.ok(revisions().includes("ada-old"));
});

test("the same revision has other machines under a name than for the calls that are split", async () => {
  const { clock, dispatcher } = set();
  dispatcher.pin("ada", "1", young);
  const callers = ["1", undefined].map((pin) =>
    call(dispatcher, { app: "ada", ...(pin !== undefined && { branch: branchOfPin(pin) }), body: Buffer.from("5") }),
  );
  await clock.advance(5_000);
  assert.deepEqual(
    callers.map(({ status }) => status),
    [200, 200],
  );
  assert.equal(dispatcher.machines().length, 2);
});

test("a name that is not pinned is no app's", async () => {
  const { clock, dispatcher } = set();
  const caller = call(dispatcher, { app: "ada", branch: branchOfPin("7") });
  await clock.advance(1_000);
  assert.equal(caller.failure?.code, "no-such-app");
});

test("a name that nobody gives any more is unpinned, and can be pinned again", async () => {
  const { clock, dispatcher } = set();
  dispatcher.pin("ada", "1", old);
  const caller = call(dispatcher, { app: "ada", branch: branchOfPin("1"), body: Buffer.from("5") });
  await clock.advance(5_000);
  dispatcher.unpinIdle("ada", 0);
  assert.ok(dispatcher.isPinned("ada", "1"), "its machine is held");
  await clock.advance(600_000);
  dispatcher.unpinIdle("ada", 3_600_000);
  assert.ok(dispatcher.isPinned("ada", "1"), "its last call was not so long ago");
  dispatcher.unpinIdle("ada", 1_000);
  assert.ok(!dispatcher.isPinned("ada", "1"));
  dispatcher.pin("ada", "1", old);
  const again = call(dispatcher, { app: "ada", branch: branchOfPin("1"), body: Buffer.from("5") });
  await clock.advance(5_000);
  assert.deepEqual([caller.status, again.status], [200, 200]);
});

test("of an app that came to rest, a revision is pinned again before it is called", async () => {
  const { clock, dispatcher } = set();
  dispatcher.pin("ada", "1", old);
  call(dispatcher, { app: "ada", branch: branchOfPin("1"), body: Buffer.from("5") });
  await clock.advance(3_600_000);
  assert.equal(dispatcher.rest("ada", 1_000), true);
  dispatcher.point("ada", [{ revision: young, weight: 1 }]);
  assert.equal(dispatcher.isPinned("ada", "1"), false);
  dispatcher.pin("ada", "1", old);
  const caller = call(dispatcher, { app: "ada", branch: branchOfPin("1"), body: Buffer.from("5") });
  await clock.advance(5_000);
  assert.equal(caller.status, 200);
  dispatcher.removeApp("ada");
  assert.equal(dispatcher.isPinned("ada", "1"), false);
});

test("a call's time begins when a machine gets it, if it may wait before that, and a machine whose call was late gets no other one", async () => {
  const { clock, dispatcher } = set();
  const asked = { app: "ada", timeoutMs: 100, startMs: 60_000, endsMachine: true, body: Buffer.from("5000") };
  const late = call(dispatcher, asked);
  await clock.advance(3_000);
  assert.equal(late.failure?.code, "function-timeout");
  const [first] = dispatcher.machines();
  assert.equal(first?.phase, "draining");
  const next = call(dispatcher, { ...asked, body: Buffer.from("5") });
  await clock.advance(20_000);
  assert.equal(next.status, 200);
  assert.ok(!dispatcher.machines().some(({ name }) => name === first.name));
});

test("an id that a call brings is its id", () => {
  const { dispatcher } = set();
  assert.equal(call(dispatcher, { app: "ada", id: "an-id" }).handle?.id, "an-id");
});

test("machines are kept bound for a pinned revision, as many as are reserved, until they are reserved no more", async () => {
  const { clock, dispatcher } = set();
  dispatcher.pin("ada", "1", old, 2);
  await clock.advance(10_000);
  assert.equal(dispatcher.boundTo("ada", "1"), 2);
  await clock.advance(600_000);
  dispatcher.unpinIdle("ada", 60_000);
  assert.equal(dispatcher.boundTo("ada", "1"), 2);
  dispatcher.pin("ada", "1", old, 0);
  await clock.advance(600_000);
  assert.equal(dispatcher.boundTo("ada", "1"), 0);
  dispatcher.unpinIdle("ada", 60_000);
  assert.equal(dispatcher.isPinned("ada", "1"), false);
});
