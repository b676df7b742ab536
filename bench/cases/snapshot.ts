/** First calls of apps whose initialisation takes long, with and without a snapshot. */
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchOptions } from "../options.ts";
import { type Platform, startPlatform } from "../platform.ts";
import { type Row, type Section, ms, spread } from "../report.ts";
import { type SlowApp, withSlowApps } from "../snapshot-apps.ts";
import { median } from "../statistics.ts";
import { timedCall } from "../timed-call.ts";

/** Milliseconds that a first call may take beyond what a hello of the same kind takes without one. */
const TARGET_MS = 300;
/** Milliseconds until the machine of the call before is gone. */
const PAUSE_MS = 1_500;
const MADE_MS = 600_000;

export function snapshot({ drivers, rounds }: BenchOptions): Promise<Section[]> {
  if (!drivers.includes("qemu")) return Promise.resolve([]);
  return withSlowApps(async (apps) => {
    const platform = await startPlatform("qemu", { blanks: 0, idleMs: 200 });
    try {
      const rows: Row[] = [];
      for (const app of apps) {
        const measured = await measure(platform, app, Math.max(3, rounds));
        // It takes minutes, so that each result is told when it is there.
        for (const { what, measured: figure } of measured) console.error(`bench: ${what}: ${figure}`);
        rows.push(...measured);
      }
      return [
        {
          title: "First call of an app with a slow start, qemu",
          how: "From the caller's side, over HTTP, each with a machine that is started for it: without a snapshot (start, bind, initialisation), and as a clone of one.",
          rows,
        },
      ];
    } finally {
      await platform.stop();
    }
  });
}

async function measure(platform: Platform, { what, folder }: SlowApp, rounds: number): Promise<Row[]> {
  const plain = `${await platform.deployFolder(folder, "plain")}/hello`;
  // The first call has the kind's image and template made.
  await timedCall(plain).catch(async (error: unknown) => {
    const lines = await platform.client.logs({ app: "plain", tail: 5 });
    throw new Error(`${what}: ${lines.map(({ text }) => text).join("; ")}`, { cause: error });
  });
  const without = await calls(plain, Math.min(rounds, 3));
  const frozen = `${await platform.deployFolder(folder, "frozen", { snapshot: true })}/hello`;
  const [line] = await made(platform);
  const withOne = await calls(frozen, 3 * rounds);
  for (const app of ["plain", "frozen"]) await platform.client.removeApp(app);
  return [
    { what: `${what}: without`, measured: spread(without) },
    {
      what: `${what}: with a snapshot`,
      measured: `${spread(withOne)}; ${line}`,
      target: `p50 ≤ ${TARGET_MS} ms beside emulation`,
      reached: median(withOne) <= TARGET_MS,
    },
    { what: `${what}: saved`, measured: ms(median(without) - median(withOne)) },
  ];
}

async function calls(url: string, count: number): Promise<number[]> {
  const samples = [];
  for (let n = 0; n < count; n++) {
    await sleep(PAUSE_MS);
    samples.push(await timedCall(url));
  }
  return samples;
}

/** Resolves with what the log says of the snapshot, when it is there. */
async function made({ client }: Platform): Promise<string[]> {
  for (const end = Date.now() + MADE_MS; Date.now() < end; await sleep(500)) {
    const texts = (await client.logs({ app: "frozen", tail: 1_000 })).map(({ text }) => text);
    const failed = texts.find((text) => text.includes("runs without a snapshot"));
    if (failed !== undefined) throw new Error(failed);
    const found = texts.find((text) => text.startsWith("The snapshot of revision"));
    if (found !== undefined) return [/\((.*)\)/.exec(found)?.[1] ?? found];
  }
  throw new Error("the snapshot was not made in time");
}
