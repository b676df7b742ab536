/** What callers are told if their time is up before a machine was free. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MayflyError } from "../base/errors/error.ts";
import { bindPolicy } from "../policy/bind-policy.ts";
import { createPackingPolicy } from "../policy/packing.ts";
import { createDispatcher } from "./dispatcher.ts";
import { MachineRecord } from "./machine-record.ts";
import { noMachineInTime } from "./no-machine.ts";
import { call } from "./testing/caller.ts";
import { FakeClock } from "./testing/fake-clock.ts";
import { Random } from "../base/testing/random.ts";
import { UnrulyFleet } from "./testing/unruly-fleet.ts";
import { serve, versionOf } from "./testing/version.ts";
import { roomyHost } from "./testing/roomy-host.ts";

const inWords = (...machines: MachineRecord[]) => {
  const error = new MayflyError("queue-timeout", noMachineInTime({ app: "shop", appName: "shop", timeoutMs: 1_500 }, machines, 2_000));
  return `${error.message} ${error.cure}`;
};

function machine(app: string | null, startedFor: string | null, boundAt = 0): MachineRecord {
  const record = new MachineRecord(1, 600, startedFor);
  [record.app, record.boundAt] = [app, boundAt];
  return record;
}

test("if a cold start took too long, the error says how long it has taken so far, and what would have helped", () => {
  for (const starting of [machine(null, "shop"), machine(null, null), machine("shop", null)])
    assert.match(inWords(starting), /within 1500 ms: none of it ran, .* starting for 1400 ms\. .*timeoutMs.*minMachines or reservedBlanks/);
});

test("the errors for busy machines and for a host that could start none have cures of their own", () => {
  assert.match(inWords(machine("shop", null, 700)), /1 machine of it ran, with other calls\. Raise maxMachines or concurrency/);
  assert.match(inWords(machine("shop", null, 700), machine(null, "shop")), /with other calls; another had been starting for 1400 ms/);
  for (const others of [[], [machine(null, "other")], [machine("other", "shop", 700)]])
    assert.match(inWords(...others), /none could be started\. `mayfly explain shop`/);
});

test("a call whose time is up before its app's first machine is ready is told about that start", async () => {
  const clock = new FakeClock();
  const fleet = new UnrulyFleet(clock, new Random(1));
  [fleet.calm, fleet.startsLater] = [true, 5_000];
  const policy = bindPolicy(createPackingPolicy({ ...roomyHost, blanks: 0, idleMs: null, maxMachines: 9 }));
  const dispatcher = createDispatcher({ policy, fleet, clock, bootId: "t", logs: { append: () => undefined } });
  serve(dispatcher, versionOf("shop", "v1"));
  const caller = call(dispatcher, { app: "shop", url: "shop", headers: ["x"], body: null, timeoutMs: 1_000 });
  await clock.advance(2_000);
  assert.equal(caller.failure?.code, "queue-timeout");
  assert.match(String(caller.failure?.details["state"]), /had been starting for \d+ ms/);
});
