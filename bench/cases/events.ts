/** Calls that are run later: how many are accepted and run in a second, with nothing waiting and beside a million that wait; schedules that are due at once, and many that are not due. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { bundleApp } from "../../src/bundle/bundle-app.ts";
import type { EventInfo } from "../../src/doors/admin/event-schemas.ts";
import { insertEvent } from "../../src/events/store/accept.ts";
import { createLanes } from "../../src/events/store/lanes.ts";
import { type Load, load } from "../load.ts";
import type { BenchOptions } from "../options.ts";
import { appsFolder, type Platform, startPlatform } from "../platform.ts";
import { ms, rate, type Row, type Section, times } from "../report.ts";
import { processPss } from "../server.ts";
import { median, quantile } from "../statistics.ts";

const CONNECTIONS = 32;
const WARM_UP_SECONDS = 5;
const LATER = ["-H", "prefer: respond-async"];
const BACKLOG = 1_000_000;
const AT_ONCE = 20_000;
const DUE = 1_000;
const SLEEPING = 10_000;
const SLOW_PER_SECOND = 500;
const MIB = 2 ** 20;

/** What an app's triggers are spread over, as a function may have 100. */
const FUNCTIONS = 10;

interface Rates {
  accepts: number;
  runs: number;
}

export async function events(options: BenchOptions): Promise<Section[]> {
  const rows = [...(await later(options)), ...(await schedules())];
  return [
    {
      title: `Events: calls that are run later, ${CONNECTIONS} connections, driver process`,
      how: `wrk -t1 -c${CONNECTIONS} with "Prefer: respond-async", ${options.seconds} s, median of ${options.rounds} rounds that take turns; the function's events are paused meanwhile, and then run to the end. Schedules have a server of their own.`,
      rows,
    },
  ];
}

async function later(options: BenchOptions): Promise<Row[]> {
  const platform = await startPlatform("process", { blanks: 1, idleMs: 600_000 });
  try {
    const url = await platform.deploy("hello");
    await load(url, CONNECTIONS, WARM_UP_SECONDS);
    const sync: Load[] = [];
    const empty: Rates[] = [];
    for (let round = 0; round < options.rounds; round++) {
      sync.push(await load(url, CONNECTIONS, options.seconds));
      empty.push(await measure(platform, url, options));
    }
    const latency = await fromAcceptToEnd(platform, url, options.seconds);
    await platform.deploy("hello", "backlog");
    await fillBacklog(platform);
    const memory = processPss(platform.server.pid) / MIB;
    const beside: Rates[] = [];
    for (let round = 0; round < options.rounds; round++) beside.push(await measure(platform, url, options));
    return [...rowsOfRates(sync, empty), latency, ...rowsOfBacklog(empty, beside, platform.startedInMs(), memory)];
  } finally {
    await platform.stop();
  }
}

async function schedules(): Promise<Row[]> {
  const platform = await startPlatform("process", { blanks: 1, idleMs: 600_000 });
  try {
    return [await dueAtOnce(platform), await idleWithSchedules(platform), await restartWithSchedules(platform)];
  } finally {
    await platform.stop();
  }
}

/** Accepts while nothing runs, then runs all that was accepted. */
async function measure({ client }: Platform, url: string, { seconds }: BenchOptions): Promise<Rates> {
  await client.pauseEvents("hello", "hello", true);
  const { requestsPerSecond, requests } = await load(url, CONNECTIONS, seconds, LATER);
  const from = performance.now();
  await client.pauseEvents("hello", "hello", false);
  await untilNoneIsOpen(client, "hello");
  return { accepts: requestsPerSecond, runs: (1_000 * requests) / (performance.now() - from) };
}

async function untilNoneIsOpen(client: Platform["client"], app: string): Promise<void> {
  while ((await client.events(app, { state: "open", limit: 1 })).events.length > 0) await sleep(20);
}

/** At a steady pace; the function does next to nothing, so that the end of an event is its start. */
async function fromAcceptToEnd({ client }: Platform, url: string, seconds: number): Promise<Row> {
  const from = Date.now();
  const headers = { prefer: "respond-async" };
  for (let sent = 0; sent < seconds * SLOW_PER_SECOND; sent++) {
    await sleep(Math.max(0, from + (1_000 * sent) / SLOW_PER_SECOND - Date.now()));
    void fetch(url, { headers }).then((response) => response.arrayBuffer());
  }
  await sleep(500);
  await untilNoneIsOpen(client, "hello");
  const waits = (await endedSince(client, "hello", from)).map(({ acceptedAt, endedAt }) => endedAt! - acceptedAt);
  const p99 = quantile(waits, 0.99);
  const measured = `p50 ${ms(median(waits))}, p99 ${ms(p99)} of ${waits.length}`;
  return {
    what: `from accept to the end of the run, at ${SLOW_PER_SECOND}/s`,
    measured,
    target: "≤ 50 ms (to the start)",
    reached: p99 <= 50,
  };
}

async function endedSince(client: Platform["client"], app: string, from: number): Promise<EventInfo[]> {
  const all: EventInfo[] = [];
  let before: number | undefined;
  for (;;) {
    const { events: part, next } = await client.events(app, { state: "ended", limit: 500, ...(before !== undefined && { before }) });
    all.push(...part.filter(({ acceptedAt }) => acceptedAt >= from));
    if (next === null || part.at(-1)!.acceptedAt < from) return all;
    before = next;
  }
}

/** @param schedule of each of its triggers */
async function deploySchedules({ client }: Platform, name: string, count: number, schedule: string): Promise<void> {
  const { manifest, bundles } = await bundleApp(join(appsFolder, "hello"));
  const own = manifest.functions["hello"]!;
  const names = Array.from({ length: FUNCTIONS }, (_, at) => `f${at}`);
  const triggers = (of: string) => Array.from({ length: count / FUNCTIONS }, (_, at) => ({ name: `${of}-${at}`, schedule }));
  const functions = Object.fromEntries(names.map((each) => [each, { ...own, triggers: triggers(each) }])) as typeof manifest.functions;
  await client.deploy(
    { ...manifest, name, functions },
    names.map((each) => Object.assign({}, bundles[0]!, { function: each })),
  );
  await client.triggers(name);
}

async function dueAtOnce(platform: Platform): Promise<Row> {
  const due = 1_000 * Math.ceil(Date.now() / 1_000) + 10_000;
  await deploySchedules(platform, "due", DUE, new Date(due).toISOString());
  await sleep(due - Date.now() + 500);
  await untilNoneIsOpen(platform.client, "due");
  const all = await endedSince(platform.client, "due", due - 1_000);
  const last = Math.max(...all.map(({ endedAt }) => endedAt!)) - due;
  const names = new Set(all.map(({ source }) => source.name));
  const isRight = all.length === DUE && names.size === DUE;
  const measured = `${all.length} events of ${names.size} schedules, the last one done after ${ms(last)}`;
  return {
    what: `${DUE.toLocaleString("en")} schedules due in one second`,
    measured,
    target: "≤ 2 s, none twice",
    reached: isRight && last <= 2_000,
  };
}

async function idleWithSchedules(platform: Platform): Promise<Row> {
  const perApp = 100 * FUNCTIONS;
  for (let at = 0; at < SLEEPING / perApp; at++) await deploySchedules(platform, `sleeping-${at}`, perApp, "2099-01-01T00:00:00Z");
  // What the deploys left is collected in the first half minute.
  await sleep(40_000);
  const [from, before] = [performance.now(), platform.server.cpuUs()];
  await sleep(20_000);
  const share = (platform.server.cpuUs() - before) / (1_000 * (performance.now() - from));
  const measured = `${(100 * share).toFixed(2)} % of a core`;
  return { what: `idle, ${SLEEPING.toLocaleString("en")} schedules`, measured, target: "≤ 1 %", reached: share <= 0.01 };
}

async function restartWithSchedules(platform: Platform): Promise<Row> {
  await platform.restart();
  const memory = processPss(platform.server.pid) / MIB;
  const measured = `${ms(platform.startedInMs())}, ${memory.toFixed(0)} MB`;
  return { what: `start with ${(DUE + SLEEPING).toLocaleString("en")} schedules, and the worker's memory then`, measured };
}

/** Written into the file while no server has it: a million calls would take minutes. They wait for a function whose events are paused. */
async function fillBacklog(platform: Platform): Promise<void> {
  const { client } = platform;
  await client.pauseEvents("backlog", "hello", true);
  await platform.changing((stateDir) => {
    const file = join(stateDir, "events.db");
    if (!existsSync(file)) throw new Error("the server has no events.db");
    const db = new DatabaseSync(file);
    const lane = Number(db.prepare("SELECT lane FROM lanes WHERE paused = 1").get()!["lane"]);
    const insert = insertEvent(db, createLanes(db));
    const about = JSON.stringify({
      about: { input: { kind: "event" } },
      trace: {},
      retry: { attempts: 3, maxAgeMs: 8.64e7, waitMs: 1, mostWaitMs: 1 },
    });
    const [acceptedAt, payload] = [Date.now(), Buffer.from("{}")];
    for (let first = 0; first < BACKLOG; first += AT_ONCE) {
      db.exec("BEGIN");
      for (let at = first; at < first + AT_ONCE; at++)
        insert({
          id: `backlog-${at}`,
          lane,
          priority: 0,
          orderKey: null,
          dueAt: acceptedAt,
          acceptedAt,
          maxAgeMs: 8.64e7,
          source: '{"kind":"call"}',
          about,
          payload,
        });
      db.exec("COMMIT");
    }
    db.close();
  });
}

function rowsOfRates(sync: readonly Load[], empty: readonly Rates[]): Row[] {
  const hello = median(sync.map(({ requestsPerSecond }) => requestsPerSecond));
  const [accepts, runs] = [median(empty.map((each) => each.accepts)), median(empty.map((each) => each.runs))];
  return [
    { what: "synchronous hello", measured: rate(hello) },
    {
      what: "accepted, each on the disk",
      measured: `${rate(accepts)}, ${times(accepts / hello)} synchronous`,
      target: "≥ 5,000/s, ≥ 0.3 ×",
      reached: accepts >= 5_000 && accepts >= 0.3 * hello,
    },
    { what: "run to the end", measured: rate(runs), target: "≥ 3,000/s", reached: runs >= 3_000 },
  ];
}

function rowsOfBacklog(empty: readonly Rates[], beside: readonly Rates[], startMs: number, memory: number): Row[] {
  const compared = (what: string, of: keyof Rates): Row => {
    const [before, now] = [empty, beside].map((all) => median(all.map((each) => each[of]))) as [number, number];
    const measured = `${rate(now)}, ${times(now / before)} of an empty one`;
    return { what: `${what} beside ${BACKLOG.toLocaleString("en")} that wait`, measured, target: "≥ 0.8 ×", reached: now >= 0.8 * before };
  };
  return [
    compared("accepted", "accepts"),
    compared("run to the end", "runs"),
    { what: "start with them", measured: ms(startMs), target: "≤ 5 s", reached: startMs <= 5_000 },
    { what: "memory of the worker with them", measured: `${memory.toFixed(0)} MB`, target: "≤ 200 MB", reached: memory <= 200 },
  ];
}
