/**
 * Runs one policy on real machines: a burst from nothing to 200 in flight and a fall to nothing, twice, then twenty apps in their rhythms.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type BenchDriver, type Platform, startPlatform } from "../platform.ts";
import { Caller } from "./caller.ts";
import { type Rhythm, rhythms } from "./rhythms.ts";
import { startsLiveAndSimulated } from "./simulated.ts";
import { type Sample, gbSeconds, watch } from "./watch.ts";

export interface LiveRun {
  driver: BenchDriver;
  policy: string;
  phases: Phase[];
  /** The number of machines started in all phases. */
  starts: { live: number; simulated: number };
  /** All phases, one after another. */
  samples: Sample[];
}

export interface Phase {
  name: string;
  calls: number;
  failures: string[];
  /** ms */
  waits: number[];
  mostInFlight: number;
  idleGbSeconds: number;
  gbSeconds: number;
}

const IN_FLIGHT = 200;
const BURST_MS = 10_000;
const QUIET_MS = 20_000;

export async function runLive(driver: BenchDriver, policy: string, settings: { idleMs?: number }, minutes: number): Promise<LiveRun> {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-live-"));
  const record = join(folder, "run.jsonl");
  const platform = await startPlatform(driver, { ...settings, record });
  try {
    const plan = rhythms(minutes * 60_000);
    const urls = await deployAll(platform, plan);
    await sleep(3_000);
    const burst = (caller: Caller) => callBurst(caller, urls.get("burst") as string);
    const watched = [
      await phase("a new app's burst", platform, burst),
      await phase("its next burst", platform, burst),
      await phase("twenty apps", platform, (caller) => callInRhythm(caller, plan, urls)),
    ];
    await platform.stop();
    const phases = watched.map(([phase]) => phase);
    return { driver, policy, phases, starts: startsLiveAndSimulated(record), samples: joined(watched.map(([, samples]) => samples)) };
  } finally {
    await platform.stop();
    rmSync(folder, { recursive: true });
  }
}

async function deployAll(platform: Platform, plan: Rhythm[]): Promise<Map<string, string>> {
  const urls = new Map<string, string>();
  for (const app of ["burst", ...plan.map(({ app }) => app)]) urls.set(app, await platform.deploy("rhythm", app));
  return urls;
}

/** Joins the phases into one course. */
function joined(courses: Sample[][]): Sample[] {
  const all: Sample[] = [];
  for (const course of courses) {
    const offset = all.at(-1)?.seconds ?? 0;
    for (const sample of course) all.push(Object.assign(sample, { seconds: sample.seconds + offset }));
  }
  return all;
}

async function phase(name: string, { client }: Platform, calls: (caller: Caller) => Promise<void>): Promise<[Phase, Sample[]]> {
  const caller = new Caller();
  const watching = watch(client);
  await calls(caller);
  const samples = await watching.stop();
  caller.close();
  const { waits, failures } = caller;
  const figures = { idleGbSeconds: gbSeconds(samples, "idleMb"), gbSeconds: gbSeconds(samples, "memoryMb") };
  const mostInFlight = Math.max(...samples.map(({ inFlight }) => inFlight));
  return [{ name, calls: waits.length + failures.length, failures, waits, mostInFlight, ...figures }, samples];
}

async function callBurst(caller: Caller, url: string): Promise<void> {
  const until = performance.now() + BURST_MS;
  const callAgain = async () => {
    while (performance.now() < until) await caller.call(`${url}?wait=300&spin=0`);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, callAgain));
  await sleep(QUIET_MS);
}

async function callInRhythm(caller: Caller, plan: Rhythm[], urls: Map<string, string>): Promise<void> {
  const began = performance.now();
  const callAll = async ({ app, query, calls }: Rhythm) => {
    const open: Promise<void>[] = [];
    for (const at of calls) {
      await sleep(Math.max(0, began + at - performance.now()));
      open.push(caller.call(`${urls.get(app)}?${query}`));
    }
    await Promise.all(open);
  };
  await Promise.all(plan.map(callAll));
}
