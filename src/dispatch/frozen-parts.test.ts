/** Apps of which some functions start from a snapshot: with the real fleet and keeper of snapshots, over machines that are objects in this process. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { until } from "../base/clock/until.ts";
import { createFleet } from "../fleet/create-fleet.ts";
import { createSnapshotKeeper } from "../fleet/snapshots/snapshot-keeper.ts";
import { createFakeDriver, type FakeMachineControls } from "../machines/fake/fake-driver.ts";
import type { MachineSpec } from "../machines/driver.ts";
import { bindPolicy } from "../policy/bind-policy.ts";
import { createPackingPolicy } from "../policy/packing.ts";
import type { Manifest } from "../store/catalog/manifest.ts";
import { createDispatcher } from "./dispatcher.ts";
import type { LogLine } from "./live-dispatcher.ts";
import { call } from "./testing/caller.ts";
import { FakeClock } from "./testing/fake-clock.ts";
import { roomyHost } from "./testing/roomy-host.ts";
import { serve, versionOf } from "./testing/version.ts";

const functions: Manifest["functions"] = {
  page: { entry: "page.ts", handler: "handler", snapshot: true },
  report: { entry: "report.py", handler: "handler", runtime: "python" },
  site: { command: ["./site"], handler: "handler", runtime: "server", snapshot: true },
};

/** Says what the machine was started from. */
const origin =
  ({ spec }: FakeMachineControls) =>
  () =>
    Buffer.from(spec.snapshot?.part ?? "no snapshot");

function setUp(t: TestContext, beforeStart: (spec: MachineSpec) => void = () => undefined) {
  const host = { isRefused: false, secret: "first" };
  const clock = new FakeClock();
  const driver = createFakeDriver({
    beforeStart,
    functions: (machine) => Object.fromEntries(Object.keys(functions).map((name) => [name, origin(machine)])),
  });
  const logs: LogLine[] = [];
  let admission: (app: string) => void = () => undefined;
  const making = {
    clock,
    bootId: "t",
    prepare: async () => undefined,
    code: () => ({
      functions: Object.keys(functions).map((name) => ({ function: name, format: "cjs" as const, bytes: 0 })),
      parts: () => [],
    }),
    secrets: () => ({ KEY: host.secret }),
    egress: () => null,
    usage: { record: () => undefined },
  };
  const dispatcher = createDispatcher({
    policy: bindPolicy(createPackingPolicy({ ...roomyHost, blanks: 0, idleMs: 100 })),
    fleet: createFleet({ ...making, driver, report: () => undefined }),
    snapshots: createSnapshotKeeper({ ...making, snapshots: driver.snapshots!, log: () => undefined, most: 8, mostMb: 100 }),
    clock,
    bootId: "t",
    logs: { append: (line) => void logs.push(line) },
    accounts: {
      take: () => undefined,
      admit: () => (host.isRefused ? { code: "limit-reached", details: {} } : undefined),
      watch: (changed) => void (admission = changed),
    },
  });
  t.after(() => driver.close());
  const passes = (what: string, isSo: () => boolean) =>
    until(async () => (await clock.advance(250), isSo()), { what, ms: 20_000, everyMs: 5 });
  const ask = async (name: string) => {
    const caller = call(dispatcher, { app: "ada", function: name, url: "ada", body: Buffer.from("x"), timeoutMs: 60_000 });
    await passes(`the reply of ${name}`, () => caller.isOver);
    return caller.failure?.code ?? caller.body;
  };
  const refuse = (isRefused: boolean) => {
    host.isRefused = isRefused;
    admission("ada");
  };
  return { driver, host, logs, dispatcher, passes, ask, refuse };
}

test("each part that asks for one has a snapshot of its own, and the others none; all go with the revision", async (t) => {
  const { driver, logs, dispatcher, passes, ask } = setUp(t);
  const saved = () =>
    driver
      .snapshots!.saved()
      .map(({ part }) => part)
      .toSorted();
  serve(dispatcher, versionOf("ada", "1", { functions }));
  assert.equal(await ask("site"), "no snapshot");
  await passes("the snapshots", () => saved().length === 2 && logs.length === 2);
  // Those of servers have machines of the same kind as those in Node.
  assert.deepEqual(saved(), ["ada-1/node", "ada-1/server"]);
  for (const runtime of ["node", "server"])
    assert.equal(logs.filter(({ text }) => text.startsWith(`The snapshot of the ${runtime} functions of revision 1 is there`)).length, 1);
  assert.ok(
    dispatcher
      .explain("ada")
      .now.includes("There is a snapshot of the server functions of revision 1 (1 MB): its machines start initialised."),
  );
  await passes("the end of the machines", () => dispatcher.machines().length === 0);
  assert.deepEqual([await ask("page"), await ask("report"), await ask("site")], ["ada-1/node", "no snapshot", "ada-1/server"]);
  const { page } = functions;
  serve(dispatcher, versionOf("ada", "2", { functions: { page: page! } }));
  await passes("the next one", () => logs.length === 3);
  assert.deepEqual(saved(), ["ada-2"]);
  assert.match(logs[2]!.text, /^The snapshot of revision 2 is there/);
});

test("a part whose snapshot cannot be made is named by its runtime, and runs without", async (t) => {
  const { logs, dispatcher, passes, ask } = setUp(t, (spec) => {
    if (spec.runtime === "python" && spec.id.startsWith("st-")) throw new Error("no room");
  });
  serve(dispatcher, versionOf("ada", "1", { functions: { ...functions, report: { ...functions["report"]!, snapshot: true } } }));
  await passes("all of them", () => logs.length === 3);
  assert.deepEqual(
    logs.filter(({ text }) => text.includes("without")).map(({ text }) => text),
    ["The python functions of revision 1 run without a snapshot: no room."],
  );
  assert.ok(dispatcher.explain("ada").now.includes("There is no snapshot of the python functions of revision 1: no room."));
  assert.equal(await ask("report"), "no snapshot");
});

test("what has a secret's old value is not used again, also if the app is refused when the secret changes", async (t) => {
  const { driver, host, logs, dispatcher, passes, ask, refuse } = setUp(t);
  serve(dispatcher, versionOf("ada", "1", { functions: { page: functions["page"]! } }));
  await passes("the snapshot", () => logs.length === 1);
  const [before] = driver.snapshots!.saved();
  refuse(true);
  host.secret = "second";
  dispatcher.renewApp("ada");
  assert.deepEqual(driver.snapshots!.saved(), []);
  refuse(false);
  await passes("the next one", () => logs.length === 2);
  assert.equal(await ask("page"), "ada-1");
  assert.notDeepEqual(driver.snapshots!.saved(), [before]);
});

test("none is made for an app that is refused meanwhile, until it is admitted again", async (t) => {
  const { driver, logs, dispatcher, passes, refuse } = setUp(t);
  serve(dispatcher, versionOf("ada", "1", { functions }));
  refuse(true);
  for (let n = 0; n < 400; n++) await passes("a moment", () => true);
  assert.deepEqual([logs, driver.snapshots!.saved()], [[], []]);
  refuse(false);
  await passes("the snapshots", () => logs.length === 2);
});
