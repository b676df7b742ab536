import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../dispatch/testing/fake-clock.ts";
import type { Catalog } from "../store/catalog/catalog.ts";
import { EventStream } from "../telemetry/event-stream.ts";
import type { PlatformEvent } from "../telemetry/platform-event.ts";
import { LiveView } from "./live.ts";
import type { ShownMachine } from "./overview.ts";
import type { Seen } from "./seen.ts";

function watching(seen: Seen) {
  const clock = new FakeClock();
  const events = new EventStream(clock, (error) => assert.fail(String(error)));
  const machines: ShownMachine[] = [];
  const names = { nameOf: (id: string) => ({ tenant: id.slice(0, 4), name: id }) } as Catalog["names"];
  const overview = { glance: () => ({ machines, inFlight: 3 }) };
  return { clock, events, machines, view: new LiveView({ overview, catalog: { names }, events, clock }, seen) };
}

const machine = (id: string, more: Partial<ShownMachine> = {}): ShownMachine => ({
  id,
  app: "shop",
  revision: 1,
  driver: "process",
  kind: null,
  state: "bound",
  slots: { used: 0, total: 4 },
  memoryBytes: 0,
  cpuUs: 0,
  ageMs: 0,
  ...more,
});

const ended = (app: string, status = 200) => {
  const spans = { queue: 1, start: 2, bind: 3, run: 4 };
  return { type: "invocation-ended", app, status, outcome: "replied", spans } as unknown as PlatformEvent;
};

test("a second tells of the calls that ended, of those alone that the watcher sees", async () => {
  const { clock, events, view } = watching({ tenant: "acme", apps: ["acme-shop"] });
  for (let call = 0; call < 3; call++) events.tell(ended("acme-shop"));
  events.tell(ended("acme-shop", 500));
  events.tell(ended("acme-other"));
  events.tell(ended("them-shop"));
  await clock.advance(1_000);
  const { tick } = view.tick();
  assert.deepEqual([tick.calls, tick.failed, tick.inFlight], [4, 1, 3]);
  assert.ok(Math.abs(tick.p50! - 10) <= 0.5);
  for (let second = 0; second < 10; second++) {
    await clock.advance(1_000);
    view.tick();
  }
  assert.equal(view.tick().tick.calls, 0, "after ten seconds it is forgotten");
  view.close();
  assert.ok(!events.hears("invocation-ended"), "who has gone costs nothing");
});

test("machines are told of once, then as they change and go", async () => {
  const { clock, machines, view } = watching({ tenant: null, apps: null });
  machines.push(machine("a"), machine("b"));
  view.tick();
  const first = view.whole();
  assert.deepEqual([first.whole, first.changed.map(({ id }) => id)], [true, ["a", "b"]]);
  await clock.advance(1_000);
  assert.equal(view.tick().machines, undefined, "nothing has changed");
  machines[1] = machine("b", { slots: { used: 2, total: 4 }, cpuUs: 500_000 });
  machines.push(machine("c", { state: "starting", app: null, cpuUs: 500_000 }));
  await clock.advance(1_000);
  const { tick, machines: second } = view.tick();
  assert.deepEqual(
    [second!.whole, second!.changed.map(({ id }) => id), second!.moved, second!.gone],
    [false, ["c"], [{ id: "b", state: "bound", slots: { used: 2, total: 4 }, memoryBytes: 0, cpuUs: 500_000 }], []],
  );
  assert.deepEqual([tick.machines.bound, tick.machines.starting, tick.cpus], [2, 1, 0.5]);
  machines.splice(0, 1);
  assert.deepEqual(view.tick().machines, { whole: false, changed: [], moved: [], gone: ["a"] });
  machines[1] = machine("c", { state: "bound", app: "shop" });
  assert.deepEqual(
    view.tick().machines!.changed.map(({ id, app }) => [id, app]),
    [["c", "shop"]],
    "its app is told with it",
  );
  assert.deepEqual(
    view.whole().changed.map(({ id, app }) => [id, app]),
    [
      ["b", "shop"],
      ["c", "shop"],
    ],
  );
});
