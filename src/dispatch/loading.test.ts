/** How long a machine may be silent once an invocation is late. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../base/testing/random.ts";
import { bindPolicy } from "../policy/bind-policy.ts";
import { createPackingPolicy } from "../policy/packing.ts";
import { EventStream } from "../telemetry/event-stream.ts";
import { createDispatcher } from "./dispatcher.ts";
import { call } from "./testing/caller.ts";
import { FakeClock } from "./testing/fake-clock.ts";
import { roomyHost } from "./testing/roomy-host.ts";
import { UnrulyFleet } from "./testing/unruly-fleet.ts";
import { serve, versionOf } from "./testing/version.ts";

const TIMEOUT_MS = 1_000;

/** A machine of an app with two functions that is up, and what happens to the calls that it gets. */
async function open() {
  const clock = new FakeClock();
  const fleet = new UnrulyFleet(clock, new Random(1));
  fleet.calm = true;
  const happened: string[] = [];
  const events = new EventStream(clock, (error) => assert.fail(String(error)));
  events.listen({
    "machine-ended": ({ exit }) => void happened.push(`ended: ${exit.reason}`),
    "invocation-given-up": ({ graceMs }) => void happened.push(`given up after ${graceMs} ms`),
  });
  const policy = bindPolicy(createPackingPolicy({ ...roomyHost, blanks: 0, idleMs: null, maxMachines: 1 }));
  const dispatcher = createDispatcher({ policy, fleet, clock, bootId: "t", logs: { append: () => undefined }, events });
  serve(dispatcher, versionOf("shop", "v1", { minMachines: 1, concurrency: 10 }));
  await clock.advance(1_000);
  const [machine] = fleet.machines.values();
  return {
    clock,
    machine: machine!,
    happened,
    call: (name = "main") =>
      call(dispatcher, { app: "shop", function: name, url: "shop", headers: ["x"], body: Buffer.from("x"), timeoutMs: TIMEOUT_MS }),
  };
}

test("a machine that does not answer is given up two seconds after a call's time, and has ten more while it loads the function", async () => {
  const { clock, machine, happened, call: ask } = await open();
  machine.blocked = true;
  const first = ask();
  await clock.advance(TIMEOUT_MS + 100);
  assert.equal(first.failure?.code, "function-timeout", "the caller does not wait for that");
  await clock.advance(11_500);
  assert.deepEqual(happened, []);
  await clock.advance(1_000);
  assert.deepEqual(happened, ["ended: unresponsive"]);
});

test("once it has ended an invocation of the function, it has no more time", async () => {
  const { clock, machine, happened, call: ask } = await open();
  const first = ask();
  await clock.advance(500);
  assert.equal(first.isOver, true);
  machine.blocked = true;
  ask();
  await clock.advance(TIMEOUT_MS + 2_500);
  assert.deepEqual(happened, ["ended: unresponsive"]);
});

test("another function's first invocation gives it the time again", async () => {
  const { clock, machine, happened, call: ask } = await open();
  ask();
  await clock.advance(500);
  machine.blocked = true;
  ask("other");
  ask();
  await clock.advance(TIMEOUT_MS + 11_500);
  assert.deepEqual(happened, []);
  await clock.advance(1_000);
  assert.deepEqual(happened, ["ended: unresponsive"]);
});
