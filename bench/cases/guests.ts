/**
 * What a machine of each kind that this host can run costs, measured directly at its driver: boot without a template, start, memory, hello.
 * Includes OSv if a kernel is configured.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock/clock.ts";
import { loadConfig } from "../../src/base/config/load.ts";
import type { Config } from "../../src/base/config/schema.ts";
import { type Session, openSession } from "../../src/machines/conformance/session.ts";
import type { Driver } from "../../src/machines/driver.ts";
import { type GuestKernelName, usualChoice } from "../../src/base/kind/machine-kind.ts";
import { createDriver } from "../../src/machines/drivers.ts";
import { createQemuHost, type QemuHost } from "../../src/machines/host/qemu/qemu-host.ts";
import { createUids } from "../../src/base/uids/uids.ts";
import type { BenchOptions } from "../options.ts";
import { bootForBench } from "./boot-guest.ts";
import type { BenchDriver } from "../platform.ts";
import { type Row, type Section, ms, rate } from "../report.ts";
import { descendantsPss } from "../server.ts";
import { median } from "../statistics.ts";

const starts = 10;
const boots = 3;
const inFlight = 32;
const mega = 1_000_000;

/** For drivers whose machines start as clones: a boot without a template, which takes milliseconds, and the kernels that can boot. */
const booting: Partial<Record<BenchDriver, { boot: typeof bootForBench; kernels: GuestKernelName[] }>> = {
  qemu: { boot: bootForBench, kernels: ["linux", "osv"] },
};

export async function guests(options: BenchOptions): Promise<Section[]> {
  const config = loadConfig({});
  const isThere = (kernel: GuestKernelName) => kernel === "linux" || config.osvKernel !== undefined;
  const kernels = (driver: BenchDriver) => (booting[driver]?.kernels ?? (["linux"] as const)).filter(isThere);
  const rows: Row[] = [];
  for (const driver of options.drivers) {
    for (const kernel of kernels(driver)) rows.push(...(await measure(driver, kernel, config, options)));
  }
  return [
    {
      title: "Machines, by driver and kernel",
      how: `At the driver, without the server. Boot: from nothing to the agent's Ready, median of ${boots} (a driver without templates has no other start). Start: to Ready, median of ${starts}. Memory: PSS of all that ${starts} bound machines take, each after a hello. Hello: one machine, ${inFlight} in flight, the last of five rounds.`,
      rows,
    },
  ];
}

async function measure(name: BenchDriver, kernel: GuestKernelName, config: Config, options: BenchOptions): Promise<Row[]> {
  const runDir = mkdtempSync(join(tmpdir(), "mayfly-bench-guests-"));
  const uids = createUids();
  const qemuHost = createQemuHost({ cacheDir: config.cacheDir, jailDir: runDir, uids });
  const driver = await createDriver(name, { ...config, kernel, runDir, qemuHost, uids, clock: systemClock, progress: () => undefined });
  try {
    await driver.prepare(() => undefined, usualChoice);
    const what = driver.kernels.length > 1 ? `${name}, ${kernel === "osv" ? "OSv" : "Linux"}` : name;
    const row = (of: string, measured: string): Row => ({ what: `${what}: ${of}`, measured });
    const bootMs = await bootTimes(name, kernel, config, qemuHost);
    const boot = bootMs.length > 0 ? [row("boot", ms(median(bootMs)))] : [];
    const { times, memory, sessions } = await startMany(driver);
    const helloRate = await throughput(sessions[0]!, options.seconds);
    return [...boot, row("start", ms(median(times))), row("memory", `${(memory / mega).toFixed(0)} MB`), row("hello", rate(helloRate))];
  } finally {
    await driver.close();
    await qemuHost.close();
    rmSync(runDir, { recursive: true, force: true });
  }
}

/** Milliseconds of each boot; none where the driver's machines do not start as clones. */
async function bootTimes(driver: BenchDriver, kernel: GuestKernelName, config: Config, qemuHost: QemuHost): Promise<number[]> {
  const times: number[] = [];
  const boot = booting[driver]?.boot;
  if (boot === undefined) return times;
  for (let n = 0; n < boots; n++) times.push(await boot(kernel, config, qemuHost));
  return times;
}

async function startMany(driver: Driver): Promise<{ times: number[]; memory: number; sessions: Session[] }> {
  const before = descendantsPss(process.pid);
  const times: number[] = [];
  const sessions: Session[] = [];
  for (let n = 0; n < starts; n++) {
    const begun = performance.now();
    const machine = await driver.start({ id: `bench-${process.pid}-${n}`, ...usualChoice });
    const session = await openSession(machine);
    times.push(performance.now() - begun);
    await bindHello(session);
    await session.call("hello");
    sessions.push(session);
  }
  return { times, memory: (descendantsPss(process.pid) - before) / starts, sessions };
}

async function bindHello({ host, machine }: Session): Promise<void> {
  const code = Buffer.from(`exports.default = { fetch: () => new Response("hello\\n") };`);
  const functions = [
    { name: "hello", format: "cjs" as const, source: { type: "frames" as const, bytes: code.length }, handler: "handler" },
  ];
  await host.resume(Date.now(), randomBytes(64), machine.id, false);
  await host.bind({ app: "bench", revision: "v1", functions, env: {}, memoryMb: usualChoice.memoryMb, egress: false }, [code]);
}

async function throughput(session: Session, seconds: number): Promise<number> {
  let last = 0;
  for (let round = 0; round < 5; round++) last = await oneRound(session, seconds);
  return last;
}

async function oneRound({ call }: Session, seconds: number): Promise<number> {
  let done = 0;
  const begun = performance.now();
  const lane = async () => {
    for (; performance.now() - begun < seconds * 1_000; done++) await call("hello");
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return done / ((performance.now() - begun) / 1_000);
}
