/** Which revisions get a snapshot, and when; over machines that are objects in this process. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { FakeClock } from "../../dispatch/testing/fake-clock.ts";
import { until } from "../../base/clock/until.ts";
import { usualKind } from "../../base/kind/machine-kind.ts";
import { createFakeDriver, type FakeDriverOptions } from "../../machines/fake/fake-driver.ts";
import type { Version } from "../../store/catalog/catalog.ts";
import type { UsageEntry } from "../../store/ledger/usage.ts";
import { manifestSchema } from "../../store/catalog/manifest.ts";
import { createSnapshotKeeper, type FrozenPart, type SnapshotKeeperOptions } from "./snapshot-keeper.ts";

function part(id: string, tenant?: string): FrozenPart {
  const manifest = manifestSchema.parse({ name: "ada", functions: { echo: { entry: "x" } }, snapshot: true });
  const version: Version = { app: "ada", id, manifest, number: 1, createdAt: 0, ...(tenant !== undefined && { tenant }) };
  return { id, version };
}

function set(context: TestContext, options: Partial<SnapshotKeeperOptions> = {}, ofDriver: FakeDriverOptions = {}) {
  const driver = createFakeDriver(ofDriver);
  const snapshots = driver.snapshots!;
  const clock = new FakeClock();
  const [told, usage]: [string[], UsageEntry[]] = [[], []];
  const host = { isIdle: true, secret: "first" };
  const open = (more: Partial<SnapshotKeeperOptions> = {}) => {
    const keeper = createSnapshotKeeper({
      snapshots,
      clock,
      bootId: "t",
      prepare: async () => undefined,
      code: () => ({ functions: [{ function: "echo", format: "cjs", bytes: 0 }], parts: () => [] }),
      secrets: () => ({ KEY: host.secret }),
      egress: () => null,
      usage: { record: (entry) => usage.push(entry) },
      log: () => undefined,
      most: 8,
      mostMb: 100,
      ...options,
      ...more,
    });
    keeper.attach({
      isIdle: () => host.isIdle,
      made: ({ id }, _bytes, ms) => told.push(`${id} made${ms === null ? " earlier" : ""}`),
      lacks: ({ id }, why) => told.push(`${id} lacks: ${why}`),
    });
    context.after(() => keeper.close());
    return keeper;
  };
  context.after(() => driver.close());
  const tell = async (count: number) => {
    await until(() => (clock.advance(500), told.length >= count), { what: "what is told", ms: 20_000, everyMs: 5 });
    return told;
  };
  return { keeper: open(), open, snapshots, clock, told, usage, host, tell };
}

test("a snapshot is made when the host has had nothing to do for a while, and its machine is on the app's bill", async (t) => {
  const { keeper, clock, told, usage, host, tell } = set(t);
  host.isIdle = false;
  keeper.want(part("v1"), usualKind);
  for (let n = 0; n < 20; n++) {
    await clock.advance(500);
    await new Promise(setImmediate);
  }
  assert.deepEqual([told, keeper.stateOf("v1")?.state, keeper.of("v1")], [[], "waiting", undefined]);
  host.isIdle = true;
  assert.deepEqual(await tell(1), ["v1 made"]);
  assert.equal(keeper.of("v1")?.part, "v1");
  assert.ok(usage.length > 0 && usage.reduce((sum, { cpuUs }) => sum + cpuUs, 0) > 0);
  assert.equal(
    usage.filter(({ app }) => app !== "ada").reduce((sum, { cpuUs }) => sum + cpuUs, 0),
    0,
  );
});

test("on a host that always has something to do it is made all the same, later", async (t) => {
  const { keeper, clock, host, tell } = set(t);
  host.isIdle = false;
  keeper.want(part("v1"), usualKind);
  await tell(1);
  assert.ok(clock.now() >= 60_000, String(clock.now()));
});

test("a later keeper has it at once, unless a secret has changed meanwhile", async (t) => {
  const { keeper, open, host, tell } = set(t);
  keeper.want(part("v1"), usualKind);
  await tell(1);
  await keeper.close();
  const second = open();
  second.want(part("v1"), usualKind);
  assert.equal((await tell(2))[1], "v1 made earlier");
  const before = second.of("v1");
  host.secret = "second";
  second.drop("v1");
  second.want(part("v1"), usualKind);
  assert.equal(second.of("v1"), undefined);
  assert.equal((await tell(3))[2], "v1 made");
  assert.notDeepEqual(second.of("v1"), before);
});

test("one whose machine cannot be made ready is told of, and tried again when it is next wanted", async (t) => {
  let broken = true;
  const { keeper, tell } = set(
    t,
    {},
    {
      beforeStart: () => {
        if (broken) throw new Error("no room");
      },
    },
  );
  keeper.want(part("v1"), usualKind);
  assert.deepEqual(await tell(1), ["v1 lacks: no room"]);
  assert.deepEqual(keeper.stateOf("v1"), { state: "none", why: "no room" });
  broken = false;
  keeper.want(part("v1"), usualKind);
  assert.equal((await tell(2))[1], "v1 made");
});

test("the least used ones go when there are too many, or they are too large together", async (t) => {
  const { keeper, snapshots, open, tell } = set(t, { most: 2 });
  for (const id of ["v1", "v2"]) keeper.want(part(id), usualKind);
  await tell(2);
  keeper.want(part("v3"), usualKind);
  const told = await tell(4);
  // It goes before the next one is saved, so that there are never more.
  assert.match(told[2]!, /^v1 lacks: there is no more room for snapshots/);
  assert.equal(told[3], "v3 made");
  assert.equal(keeper.of("v1"), undefined);
  assert.deepEqual(
    snapshots.saved().map((saved) => saved.part),
    ["v2", "v3"],
  );
  const narrow = open({ mostMb: 1 });
  narrow.want(part("v4"), usualKind);
  await tell(5);
  assert.deepEqual(
    snapshots.saved().map((saved) => saved.part),
    ["v4"],
  );
});

test("a tenant that asks for many keeps nobody else waiting, and loses its own for them", async (t) => {
  const { keeper, snapshots, tell } = set(t, { most: 3 });
  for (const id of ["a1", "a2", "a3"]) keeper.want(part(id, "a"), usualKind);
  keeper.want(part("b1", "b"), usualKind);
  const told = await tell(5);
  assert.deepEqual(
    told.map((text) => text.split(":")[0]),
    ["a1 made", "b1 made", "a2 made", "a1 lacks", "a3 made"],
  );
  assert.deepEqual(
    snapshots
      .saved()
      .map((saved) => saved.part)
      .toSorted(),
    ["a2", "a3", "b1"],
  );
});

test("it is dropped with its revision, also while it is being made", async (t) => {
  const begun = Promise.withResolvers<void>();
  const { keeper, snapshots, clock, told, tell } = set(t, {}, { beforeStart: () => begun.resolve() });
  keeper.want(part("v1"), usualKind);
  for (let waiting = true; waiting;) {
    await clock.advance(500);
    waiting = await Promise.race([begun.promise.then(() => false), new Promise<boolean>((resolve) => setImmediate(resolve, true))]);
  }
  keeper.drop("v1");
  keeper.want(part("v2"), usualKind);
  await tell(1);
  assert.deepEqual(told, ["v2 made"]);
  assert.deepEqual(
    snapshots.saved().map((saved) => saved.part),
    ["v2"],
  );
  keeper.drop("v2");
  assert.deepEqual(snapshots.saved(), []);
});

test("it is given up if three of its clones in a row do not come up", async (t) => {
  const { keeper, snapshots, tell } = set(t);
  keeper.want(part("v1"), usualKind);
  await tell(1);
  const snapshot = keeper.of("v1")!;
  for (const worked of [false, false, true, false, false]) keeper.tried(snapshot, worked);
  for (let n = 0; n < 3; n++) keeper.tried({ ...snapshot }, false);
  assert.equal(keeper.of("v1"), snapshot, "the machines of an earlier one do not count");
  keeper.tried(snapshot, false);
  assert.equal((await tell(2))[1], "v1 lacks: 3 machines in a row did not come up from it");
  assert.deepEqual(snapshots.saved(), []);
});

test("one that is too large by itself is not saved, and no other goes for it", async (t) => {
  const { keeper, snapshots, open, tell } = set(t);
  keeper.want(part("v1"), usualKind);
  await tell(1);
  for (const narrow of [{ mostMb: 0 }, { most: 0 }]) {
    const before = (await tell(1)).length;
    open(narrow).want(part("v2"), usualKind);
    assert.match((await tell(before + 1))[before]!, /^v2 lacks: .*maxSnapshot/);
    assert.deepEqual(
      snapshots.saved().map((saved) => saved.part),
      ["v1"],
    );
  }
});

test("one that a later server has no room for is not used by it", async (t) => {
  const { keeper, snapshots, open, tell } = set(t);
  keeper.want(part("v1"), usualKind);
  await tell(1);
  await keeper.close();
  const narrow = open({ most: 0 });
  narrow.want(part("v1"), usualKind);
  assert.match((await tell(2))[1]!, /^v1 lacks: there is no more room/);
  assert.deepEqual([narrow.of("v1"), snapshots.saved()], [undefined, []]);
});

test("an app that is refused has none made, and keeps the one that is there", async (t) => {
  const { keeper, clock, told, tell } = set(t);
  keeper.want(part("v1"), usualKind);
  await tell(1);
  keeper.want(part("v2"), usualKind);
  for (const id of ["v1", "v2"]) keeper.forgo(id);
  for (let n = 0; n < 200; n++) {
    await clock.advance(500);
    await new Promise(setImmediate);
  }
  assert.deepEqual([told, keeper.of("v1")?.part, keeper.stateOf("v2")], [["v1 made"], "v1", undefined]);
  keeper.want(part("v2"), usualKind);
  assert.equal((await tell(2))[1], "v2 made");
});

test("close() resolves when the machine that is being made is gone", async (t) => {
  const [begun, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const beforeStart = () => {
    begun.resolve();
    return released.promise;
  };
  const { keeper, clock, snapshots, told } = set(t, {}, { beforeStart });
  keeper.want(part("v1"), usualKind);
  for (let waiting = true; waiting;) {
    await clock.advance(500);
    waiting = await Promise.race([begun.promise.then(() => false), new Promise<boolean>((resolve) => setImmediate(resolve, true))]);
  }
  let isClosed = false;
  const closing = keeper.close().then(() => (isClosed = true));
  for (let n = 0; n < 10; n++) await new Promise(setImmediate);
  assert.equal(isClosed, false);
  released.resolve();
  await closing;
  assert.deepEqual([told, snapshots.saved()], [[], []]);
});
