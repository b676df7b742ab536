/** An app that lacks what each of its machines needs: no machine is started, and its callers are told at once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bindPolicy } from "../policy/bind-policy.ts";
import { createPackingPolicy } from "../policy/packing.ts";
import { createDispatcher } from "./dispatcher.ts";
import type { LogLine } from "./live-dispatcher.ts";
import { call } from "./testing/caller.ts";
import { FakeClock } from "./testing/fake-clock.ts";
import { Random } from "../base/testing/random.ts";
import { UnrulyFleet } from "./testing/unruly-fleet.ts";
import { serve, versionOf } from "./testing/version.ts";
import { roomyHost } from "./testing/roomy-host.ts";

const options = { ...roomyHost, blanks: 0, idleMs: null, maxMachines: 9 };
const reason = "App shop names the secret KEY, which is not set";

function setUp() {
  const clock = new FakeClock();
  // With this seed the guest answers the one call that reaches it.
  const fleet = new UnrulyFleet(clock, new Random(2));
  fleet.calm = true;
  const logs: LogLine[] = [];
  const set = { key: false };
  const policy = bindPolicy(createPackingPolicy(options));
  const lacks = () => (set.key ? undefined : reason);
  const log = { append: (line: LogLine) => void logs.push(line) };
  const dispatcher = createDispatcher({ policy, fleet, clock, bootId: "t", logs: log, lacks });
  const get = () => call(dispatcher, { app: "shop", url: "shop", headers: ["x"], body: Buffer.from("x"), timeoutMs: 60_000 });
  return { clock, fleet, logs, set, dispatcher, get };
}

test("a call of an app that lacks a secret fails once, at once and with the reason; no machine is started for it or ahead of it", async () => {
  const { clock, fleet, logs, dispatcher, get } = setUp();
  serve(dispatcher, versionOf("shop", "v1", { minMachines: 2, reservedBlanks: 1 }));
  const caller = get();
  await clock.advance(20_000);
  assert.equal(caller.failure?.code, "machine-start-failed");
  assert.equal(caller.failure.details["reason"], reason);
  assert.equal(fleet.machines.size, 0);
  assert.deepEqual(
    logs.map(({ text, invocation }) => [text, invocation]),
    [[`No machine could be started: ${reason}.`, caller.handle?.id]],
  );
});

test("once the secret is set calls go through, and the machines that the app keeps ready are started", async () => {
  const { clock, fleet, set, dispatcher, get } = setUp();
  serve(dispatcher, versionOf("shop", "v1", { minMachines: 2 }));
  await clock.advance(1_000);
  set.key = true;
  serve(dispatcher, versionOf("shop", "v1", { minMachines: 2 }));
  await clock.advance(5_000);
  assert.equal(fleet.machines.size, 2);
  const caller = get();
  await clock.advance(5_000);
  assert.equal(caller.failure, undefined);
});

test("calls that wait for a machine are told, too, when a revision without its secret is deployed", async () => {
  const { clock, set, dispatcher, get } = setUp();
  set.key = true;
  serve(dispatcher, versionOf("shop", "v1"));
  const caller = get();
  set.key = false;
  serve(dispatcher, versionOf("shop", "v2"));
  await clock.advance(1);
  assert.equal(caller.failure?.details["reason"], reason);
});
