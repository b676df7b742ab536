/**
 * What the policy does with real machines of real apps: which app gets a machine under contention, which keeps one, and which gets one
 * ahead of a call.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { MachineInfo } from "../src/doors/admin/schemas.ts";
import { startCallers } from "./callers.ts";
import { LeapingClock } from "./leaping-clock.ts";
import { drivers, eventually, startPlatform } from "./platform.ts";

for (const driver of drivers)
  test(`another app's first call is answered in the middle of an app's burst, ${driver}`, async (context) => {
    const platform = await startPlatform(context, { driver, blanks: 0, maxMachines: 3 });
    await platform.deploy("test/apps/economy", { name: "crowd", concurrency: 1 });
    await platform.deploy("test/apps/economy", { name: "late" });
    const callers = startCallers(context, platform, ["/crowd/wait?ms=300"], 60);
    await eventually(
      "machines, as many as there may be",
      async () => (await platform.client.machines()).filter(({ app }) => app === "crowd").length,
      (count) => count === 3,
    );
    const response = await platform.call("/late/wait");
    assert.deepEqual([response.status, await response.text()], [200, "waited"]);
    await callers.stop();
    assert.deepEqual(callers.failures, []);
    const { decisions } = await platform.client.explain("crowd");
    assert.ok(
      decisions.some(({ what, reason }) => what === "drain" && reason.kind.startsWith("host-full")),
      JSON.stringify(decisions),
    );
  });

test("an app with a minimum keeps its machines without a call, and has one again when one dies", async (context) => {
  const platform = await startPlatform(context, { driver: "process", idleMs: 200 });
  await platform.deploy("test/apps/economy", { name: "kept", minMachines: 2 });
  await platform.deploy("examples/misbehave", { minMachines: 1 });
  await platform.deploy("test/apps/economy");
  const boundTo = async (app: string) => {
    const machines = await platform.client.machines();
    return machines.filter((machine) => machine.app === app && machine.state === "bound").map(({ id }) => id);
  };
  await eventually(
    "the machines of the minimum",
    () => boundTo("kept"),
    (machines) => machines.length === 2,
  );
  const kept = await boundTo("kept");
  const [before] = await eventually(
    "the other minimum",
    () => boundTo("misbehave"),
    (machines) => machines.length === 1,
  );
  await (await platform.call("/misbehave/misbehave?do=exit")).text();
  await (await platform.call("/economy/wait")).text();
  await eventually(
    "another machine for the one that died",
    () => boundTo("misbehave"),
    (machines) => machines.length === 1 && machines[0] !== before,
  );
  await eventually(
    "the end of a machine that nobody calls",
    () => boundTo("economy"),
    (machines) => machines.length === 0,
  );
  assert.deepEqual(await boundTo("kept"), kept);
});

test("a caller who comes every minute finds a machine that was started for it, and none is held in between", async (context) => {
  // With free CPU and costly memory, holding a machine for a minute does not pay.
  const prices = { vcpuSecond: 0, gbSecond: 1 };
  const clock = new LeapingClock();
  const platform = await startPlatform(context, { driver: "process", blanks: 1, prices }, { clock });
  await platform.deploy("test/apps/economy", { memoryMb: 512, maxMachines: 1 });
  const atRest = async () => {
    const steady = (machines: MachineInfo[]) => machines.every(({ state }) => state === "blank" || state === "bound");
    await eventually("machines that are neither starting nor ending", () => platform.client.machines(), steady, 60_000);
  };
  const outcomes: string[] = [];
  let last = "";
  for (let round = 1; outcomes.at(-1) !== "started ahead" && round <= 12; round++) {
    const response = await platform.call("/economy/hoard?mb=50", { headers: { connection: "close" } });
    await response.text();
    const answered = clock.now();
    const machine = (await platform.client.machines()).find(({ app }) => app === "economy")?.id ?? "";
    const found = (response.headers.get("server-timing") ?? "").includes("start;dur=0, bind;dur=0,");
    outcomes.push(!found ? "waited" : machine === last ? "held" : "started ahead");
    last = machine;
    await clock.leap(answered + 60_000, atRest);
  }
  assert.equal(outcomes.at(-1), "started ahead", outcomes.join());
  const { decisions } = await platform.client.explain("economy");
  assert.ok(
    decisions.some(({ what, reason }) => what === "bind" && reason.kind === "call-expected"),
    JSON.stringify(decisions),
  );
});
