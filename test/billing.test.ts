/**
 * Compares the bill of real machines with measurements from outside. Durations don't matter: billed usage is compared with actual usage.
 */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { AppBillInfo } from "../src/doors/admin/schemas.ts";
import { processCpuUs } from "../src/machines/host/cgroup/proc.ts";
import { mayfly, serve } from "./command.ts";
import { type Platform, createScope, drivers as machineDrivers, eventually, startPlatform, temporaryFolder } from "./platform.ts";
import { afterwards } from "../src/base/testing/afterwards.ts";

const drivers = ["process", ...machineDrivers] as const;

/**
 * `calls`: of the app that mostly waits. `atHostSpeed`: whether a function runs as fast in a machine as outside of it; calls that share an emulated
 * machine take longer than alone and use more CPU time, and so do system calls in gVisor on a host that is busy. `processes`: whether all that
 * a machine does is done by processes that the host's /proc counts.
 */
const expectations: Record<(typeof drivers)[number], { calls: number; atHostSpeed: boolean; processes: boolean }> = {
  process: { calls: 2_000, atHostSpeed: true, processes: true },
  gvisor: { calls: 2_000, atHostSpeed: false, processes: false },
  qemu: { calls: 1_000, atHostSpeed: false, processes: false },
};

/** Each load is an app of its own: its name, the called path, the number of calls, and how many run at once. */
const loads = [
  ["waits", "wait?ms=50", 300, 100],
  ["spins", "spin?ms=20", 40, 2],
  ["mixes", "mix?wait=50&spin=5", 100, 50],
] as const;

for (const driver of drivers) {
  test(`on ${driver}, the CPU on the bill is that of the machines' control groups, within 5 %`, async (context) => {
    const platform = await startPlatform(context, { driver, blanks: 0, idleMs: 600_000 });
    for (const [name, path, calls, atOnce] of loads) {
      await platform.deploy("test/apps/economy", { name });
      const idleBefore = await idleSeconds(platform);
      await callMany(platform, `/${name}/${path}`, calls, atOnce);
      await settled(platform, name);
      const machines = (await platform.client.machines()).filter(({ app }) => app === name).map(({ id }) => id);
      const { cpuRunSeconds, cpuBringUpSeconds, requests } = (await platform.client.appBill(name)).bill;
      const measured = machines.reduce((sum, id) => sum + cpuOfGroup(id), 0);
      // The machines' groups also contain the CPU time for stopping and waking them, which the platform pays.
      const billed = cpuRunSeconds + cpuBringUpSeconds + (await idleSeconds(platform)) - idleBefore;
      context.diagnostic(`${name}: billed ${billed.toFixed(3)} s, measured ${measured.toFixed(3)} s on ${machines.length} machines`);
      assert.ok(Math.abs(billed / measured - 1) < 0.05, `${name}: billed ${billed} s, measured ${measured} s`);
      assert.equal(requests, calls);
      if (expectations[driver].processes) assertLike(name, billed, machines);
    }
  });
}

async function idleSeconds(platform: Platform): Promise<number> {
  const { parts } = (await platform.client.bill()).platform;
  return parts.find(({ what }) => what === "idle")?.cpuSeconds ?? 0;
}

/** The mean wall time of the function if it runs alone: 50 ms of waiting and 1 ms of computing. */
const ALONE_SECONDS = 0.051;

for (const driver of drivers) {
  test(`on ${driver}, waiting for 50 ms and computing for 1, at 200 in flight, costs a fraction of its wall-clock price`, async (context) => {
    const platform = await startPlatform(context, { driver, blanks: 0, idleMs: 600_000 });
    await platform.deploy("test/apps/economy", { maxMachines: 1, timeoutMs: 60_000 });
    await callMany(platform, "/economy/mix?wait=50&spin=1", expectations[driver].calls, 200);
    await settled(platform, "economy");
    const { bill, prices } = await platform.client.appBill("economy");
    const gbSeconds = bill.requests * ALONE_SECONDS * (256 / 1_024);
    const alone = gbSeconds * prices.wallGbSecond + bill.requests * prices.wallRequest;
    const cpuMs = (1_000 * bill.cpuRunSeconds) / bill.requests;
    context.diagnostic(
      `${cpuMs.toFixed(2)} ms of CPU a call; 1/${(bill.wallClock.cost / bill.cost).toFixed(0)} of wall-clock prices, 1/${(alone / bill.cost).toFixed(0)} of those for ${ALONE_SECONDS * 1_000} ms`,
    );
    assert.ok(bill.cost <= bill.wallClock.cost / 15, `${bill.cost} for what is ${bill.wallClock.cost} by its wall time`);
    if (expectations[driver].atHostSpeed) assert.ok(bill.cost <= alone / 15, `${bill.cost} for what is ${alone} alone`);
    assertSums(bill);
  });
}

test("a killed server loses only usage that it had not stored yet, and counts nothing twice", async (context) => {
  const scope = createScope();
  afterwards(context, () => scope.close());
  const stateDir = temporaryFolder(scope);
  const first = await serve(scope, stateDir, ["--driver", "process"]);
  assert.equal((await mayfly(["deploy", "test/apps/economy", "--state", stateDir])).code, 0);
  const call = async () => (await fetch(`${first.gatewayUrl}/economy/wait?ms=0`)).text();
  for (let n = 0; n < 30; n++) await call();
  const before = await billOf(stateDir); // reading the bill also stores it
  for (let n = 0; n < 20; n++) await call();
  await first.end("SIGKILL");
  await serve(scope, stateDir, ["--driver", "process"]);
  const after = await billOf(stateDir);
  assert.equal(before.requests, 30);
  assert.ok(after.requests >= 30 && after.requests <= 50, `${after.requests} of 50, of which 30 were stored`);
  for (const key of ["cpuRunSeconds", "cpuBringUpSeconds", "gbSeconds"] as const) assert.ok(after[key] >= before[key], key);
});

async function billOf(stateDir: string): Promise<AppBillInfo> {
  const { stdout } = await mayfly(["bill", "economy", "--json", "--state", stateDir]);
  return (JSON.parse(stdout) as { bill: AppBillInfo }).bill;
}

test("a limit warns before it is reached, then refuses calls until it is raised, and outlives a deploy", async (context) => {
  const platform = await startPlatform(context, { driver: "process" });
  await platform.deploy("test/apps/economy");
  await platform.client.setLimits("economy", { requests: 10 });
  for (let call = 0; call < 10; call++) assert.equal((await platform.call("/economy/wait?ms=0")).status, 200);
  await platform.logged("economy", /has used 80 % of its limit of requests for \d{4}-\d\d \(8 of 10\)/);
  await platform.logged("economy", /limit of requests for \d{4}-\d\d is reached \(10 of 10\)/);
  await platform.deploy("test/apps/economy", { timeoutMs: 5_000 });
  const refused = await platform.call("/economy/wait");
  const { error } = (await refused.json()) as { error: { code: string; message: string } };
  assert.deepEqual([refused.status, error.code], [429, "limit-reached"]);
  assert.equal(error.message, "App economy has reached its monthly limit of requests.");
  const now = new Date();
  const monthEnds = (Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1) - now.getTime()) / 1_000;
  assert.ok(Math.abs(Number(refused.headers.get("retry-after")) - monthEnds) < 60);
  await platform.client.setLimits("economy", { requests: 20 });
  assert.equal((await platform.call("/economy/wait?ms=0")).status, 200);
});

test("nothing is kept ready for an app over its limit, because it would pay for that", async (context) => {
  const platform = await startPlatform(context, { driver: "process", idleMs: 200 });
  const machines = async () => (await platform.client.machines()).filter(({ app }) => app === "economy").length;
  await platform.deploy("test/apps/economy", { minMachines: 1 });
  await eventually("a machine of its own", machines, (count) => count === 1);
  await platform.client.setLimits("economy", { requests: 1 });
  assert.equal((await platform.call("/economy/wait?ms=0")).status, 200);
  await eventually("none", machines, (count) => count === 0);
  await platform.client.setLimits("economy", { requests: null });
  await eventually("one again", machines, (count) => count === 1);
});

test("a spending limit is exceeded by at most the cost of one sampling interval", async (context) => {
  const platform = await startPlatform(context, { driver: "process", prices: { vcpuSecond: 1 } });
  await platform.deploy("test/apps/economy", { maxMachines: 1 });
  await platform.client.setLimits("economy", { spend: 0.5 });
  await eventually(
    "a refusal",
    async () => (await platform.call("/economy/spin?ms=100")).status,
    (status) => status === 429,
    60_000,
  );
  const { bill } = await platform.client.appBill("economy");
  assert.ok(bill.cost >= 0.5 && bill.cost <= 0.5 + 5.5, `${bill.cost} of 0.5, with one CPU at 1 a second`);
  assert.equal(bill.limits[0]?.state, "reached");
  await platform.logged("economy", /limit of spending for \d{4}-\d\d is reached/);
});

async function callMany(platform: Platform, path: string, calls: number, atOnce: number): Promise<void> {
  const lane = async (share: number) => {
    for (let call = 0; call < share; call++) {
      const response = await platform.call(path);
      assert.equal(response.status, 200, await response.text());
    }
  };
  await Promise.all(Array.from({ length: atOnce }, () => lane(calls / atOnce)));
}

/** Waits until nothing is in flight, so that the next measurement does not change meanwhile. */
async function settled(platform: Platform, name: string): Promise<void> {
  await eventually(
    "rest",
    async () => (await platform.client.machines()).filter(({ app }) => app === name).reduce((sum, { slots }) => sum + slots.used, 0),
    (used) => used === 0,
  );
}

/** The CPU seconds that the kernel counts for the machine's group, in both versions of control groups. */
function cpuOfGroup(machine: string): number {
  // If one controller both counts and shares out CPU time, a machine moved into its app's share has two groups.
  const v1 = globSync(`/sys/fs/cgroup/**/mayfly/*/{,*/}${machine}/cpuacct.usage`);
  if (v1.length > 0) return v1.reduce((sum, file) => sum + Number(readFileSync(file, "utf8")), 0) / 1e9;
  const v2 = globSync(`/sys/fs/cgroup/**/mayfly/*/*/${machine}/cpu.stat`);
  assert.ok(v2.length > 0, `${machine} has no control group`);
  return v2.reduce((sum, file) => sum + Number(/^usage_usec (\d+)$/m.exec(readFileSync(file, "utf8"))?.[1]), 0) / 1e6;
}

/** Compares with another of the kernel's counts: that of single processes, in steps of 10 ms. */
function assertLike(name: string, billed: number, machines: string[]): void {
  const groups = machines.flatMap((id) => globSync(`/sys/fs/cgroup/**/mayfly/*/{,*/}${id}/cgroup.procs`));
  const pids = new Set(groups.flatMap((file) => readFileSync(file, "utf8").split("\n").filter(Boolean).map(Number)));
  const measured = [...pids].reduce((sum, pid) => sum + processCpuUs(pid), 0) / 1e6;
  assert.ok(Math.abs(billed / measured - 1) < 0.05 + 0.02 / measured, `${name}: billed ${billed} s, /proc has ${measured} s`);
}

/** The CPU time of the functions must add up to the app's, to the microsecond. */
function assertSums({ functions, ...bill }: AppBillInfo): void {
  for (const key of ["cpuRunSeconds", "cpuBringUpSeconds", "requests"] as const) {
    const sum = functions.reduce((all, share) => all + share[key], 0);
    assert.equal(Math.round(sum * 1e6), Math.round(bill[key] * 1e6), key);
  }
}
