/** Mayfly's runtimes beside each other, and beside what people run in place of them. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Load, load } from "../load.ts";
import type { BenchOptions } from "../options.ts";
import { type BenchDriver, appsFolder, type Platform, startPlatform } from "../platform.ts";
import { type RuntimeReferenceName, runtimeReferenceNames, startRuntimeReference } from "../references.ts";
import { type Row, type Section, ms, rate, spread, times } from "../report.ts";
import { type RuntimeApp, withRuntimeApps } from "../runtime-apps.ts";
import { median } from "../statistics.ts";
import { timedCall } from "../timed-call.ts";
import { join } from "node:path";

type Runtime = RuntimeApp["runtime"];
type Machine = Awaited<ReturnType<Platform["client"]["machines"]>>[number];

/** Takes about 20 minutes with all drivers. */
export function runtimes(options: BenchOptions, tell: (section: Section) => void): Promise<Section[]> {
  return withRuntimeApps(async (apps) => {
    const inMachines = options.drivers.filter((driver) => driver !== "process");
    for (const driver of inMachines) tell(await firstCalls(driver, apps));
    for (const driver of inMachines) tell(await memory(driver, apps));
    if (options.drivers.includes("process")) tell(await throughput(apps, options));
    for (const driver of options.drivers) tell(await waiting(driver, options));
    return [];
  });
}

const firstCallRounds = 12;
/** Milliseconds for which the host has nothing to do before a call: the blank has just been started. */
const PAUSE_MS = 500;
/** What the first reply from a waiting blank may take, as a multiple of Node's. */
const firstCallTargets: Partial<Record<Runtime, number>> = { python: 1.2, java: 2, provided: 1.5 };

async function firstCalls(driver: BenchDriver, apps: RuntimeApp[]): Promise<Section> {
  const samples = new Map<Runtime, number[]>(apps.map(({ runtime }) => [runtime, []]));
  const platform = await startPlatform(driver, { blanks: 0, idleMs: 200 });
  try {
    // The first app of a runtime has its image and its template built.
    for (const app of apps) await called(platform, app, `${app.runtime}-first`);
    for (let round = 0; round < firstCallRounds; round++)
      for (const app of apps) {
        const name = `${app.runtime}-${round}`;
        // The policy keeps blanks of a kind that is in much use; a few calls are not enough for that, so the app asks for one.
        const url = await platform.deployFolder(app.folder, name, { reservedBlanks: 1 });
        await blankWaits(platform, app.runtime);
        samples.get(app.runtime)!.push(await timedCall(`${url}/${app.hello}`));
        await platform.client.removeApp(name);
      }
  } finally {
    await platform.stop();
  }
  const node = median(samples.get("node")!);
  const rows = apps.map(({ runtime }) => {
    const ratio = median(samples.get(runtime)!) / node;
    return judged(`${runtime}: ${spread(samples.get(runtime)!)}`, runtime, ratio, firstCallTargets);
  });
  return {
    title: `A waiting blank → first reply of hello, ${driver}`,
    how: `A new app for each call, the runtimes in turn, ${firstCallRounds} rounds.`,
    rows,
  };
}

async function blankWaits({ client }: Platform, runtime: Runtime): Promise<void> {
  // Programs run beside Node's agent.
  const agent = runtime === "python" || runtime === "java" ? runtime : "node";
  const isBlank = ({ app, state, kind }: Machine) => app === null && state === "blank" && kind?.runtime === agent;
  while (!(await client.machines()).some(isBlank)) await sleep(50);
  await sleep(PAUSE_MS);
}

const alive = 10;
/** What an idle machine may hold of its own, as a multiple of Node's. */
const memoryTargets: Partial<Record<Runtime, number>> = { python: 0.8, provided: 1.3, java: 1.5 };

async function memory(driver: BenchDriver, apps: RuntimeApp[]): Promise<Section> {
  const held = new Map<Runtime, number>();
  for (const app of apps) {
    const platform = await startPlatform(driver, { blanks: 0, idleMs: 600_000 });
    try {
      for (let index = 0; index < alive; index++) await called(platform, app, `${app.runtime}-${index}`);
      const machines = await platform.client.machines();
      if (machines.length !== alive) throw new Error(`${machines.length} machines of ${app.runtime} are alive, not ${alive}`);
      held.set(app.runtime, median(machines.map(({ memoryBytes }) => memoryBytes)));
    } finally {
      await platform.stop();
    }
  }
  const node = held.get("node")!;
  const rows = apps.map(({ runtime }) => {
    const own = held.get(runtime)!;
    return judged(`${runtime}: ${(own / 1_000_000).toFixed(0)} MB`, runtime, own / node, memoryTargets);
  });
  return { title: `Memory of an idle machine's own after hello, ten alive, ${driver}`, how: "The median that `mayfly ps` shows.", rows };
}

/** A row of a runtime that is compared with Node's. */
function judged(what: string, runtime: Runtime, ratio: number, targets: Partial<Record<Runtime, number>>): Row {
  const row = { what, measured: runtime === "node" ? "" : `${times(ratio)} Node's` };
  const most = targets[runtime];
  return most === undefined ? row : { ...row, target: `≤ ${most} ×`, reached: ratio <= most };
}

async function called(platform: Platform, { folder, hello }: RuntimeApp, name: string): Promise<void> {
  await timedCall(`${await platform.deployFolder(folder, name)}/${hello}`);
}

/** For each runtime: what it is compared with, and the least share of that one's requests a second. */
const rivals: Partial<Record<Runtime, { name: RuntimeReferenceName; share: number }>> = {
  python: { name: "Flask, gunicorn", share: 1 },
  java: { name: "the JDK's HttpServer", share: 0.5 },
  server: { name: "bare node:http", share: 0.5 },
};
const WARM_UP_SECONDS = 8;

async function throughput(apps: RuntimeApp[], { rounds, seconds }: BenchOptions): Promise<Section> {
  const compared = apps.filter(({ runtime }) => rivals[runtime] !== undefined);
  const loads = new Map<string, Load[]>();
  const stops: (() => Promise<void>)[] = [];
  const urls = new Map<string, string>();
  try {
    for (const name of runtimeReferenceNames) {
      const server = await startRuntimeReference(name);
      stops.push(() => server.stop());
      urls.set(name, server.url);
    }
    const platform = await startPlatform("process", { blanks: 0, idleMs: 600_000 });
    stops.push(() => platform.stop());
    for (const { runtime, folder, hello } of compared) urls.set(runtime, `${await platform.deployFolder(folder, runtime)}/${hello}`);
    for (const url of urls.values()) await load(url, 32, WARM_UP_SECONDS);
    for (let round = 0; round < rounds; round++)
      for (const [name, url] of urls) loads.set(name, [...(loads.get(name) ?? []), await load(url, 32, seconds)]);
  } finally {
    for (const stop of stops) await stop();
  }
  const of = (name: string) => median(loads.get(name)!.map(({ requestsPerSecond }) => requestsPerSecond));
  const rows: Row[] = runtimeReferenceNames.map((name) => ({ what: name, measured: shown(loads.get(name)!) }));
  for (const { runtime } of compared) {
    const { name, share } = rivals[runtime]!;
    const measured = `${shown(loads.get(runtime)!)}: ${times(of(runtime) / of(name))} ${name}`;
    rows.push({ what: runtime, measured, target: `≥ ${share} ×`, reached: of(runtime) >= share * of(name) });
  }
  return {
    title: "Hello by runtime, driver process, 32 connections",
    how: `wrk -t1 -c32, ${seconds} s, median of ${rounds} interleaved rounds, after 8 s of the same. One machine each, and one process of each reference.`,
    rows,
  };
}

function shown(loads: Load[]): string {
  const failed = loads.reduce((sum, each) => sum + each.failed, 0);
  const [p50, p99] = [median(loads.map((each) => each.p50)), median(loads.map((each) => each.p99))];
  const requests = rate(median(loads.map((each) => each.requestsPerSecond)));
  return `${requests}, p50 ${ms(p50)}, p99 ${ms(p99)}${failed > 0 ? `, ${failed} FAILED` : ""}`;
}

const waiters = [
  { what: "python, a thread each", app: "python", name: "wait" },
  { what: "python, coroutines", app: "python", name: "wait-async" },
  { what: "java, a thread each", app: "java", name: "wait" },
] as const;
const LEAST_PER_SECOND = 1_500;

async function waiting(driver: BenchDriver, { rounds, seconds }: BenchOptions): Promise<Section> {
  const platform = await startPlatform(driver, { blanks: 0, idleMs: 600_000 });
  const rows: Row[] = [];
  try {
    for (const { what, app, name } of waiters) {
      const url = `${await platform.deployFolder(join(appsFolder, app), `${app}-${name}`)}/${name}`;
      await load(url, 100, WARM_UP_SECONDS);
      const loads = [];
      for (let round = 0; round < rounds; round++) loads.push(await load(url, 100, seconds));
      const row = { what, measured: shown(loads) };
      const reached = median(loads.map(({ requestsPerSecond }) => requestsPerSecond)) >= LEAST_PER_SECOND;
      rows.push(driver === "gvisor" ? { ...row, target: `≥ ${rate(LEAST_PER_SECOND)}`, reached } : row);
    }
  } finally {
    await platform.stop();
  }
  return {
    title: `A handler that waits 50 ms, 100 connections, one machine, ${driver}`,
    how: `wrk -t1 -c100, median of ${rounds} rounds of ${seconds} s; 2,000/s is what the wait allows.`,
    rows,
  };
}
