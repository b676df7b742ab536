/** First calls: with a clone started for the call, with a waiting blank bound for the call, and a hundred callers at once. */
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchOptions } from "../options.ts";
import { type BenchDriver, type Platform, startPlatform } from "../platform.ts";
import { type Row, type Section, ms, spread } from "../report.ts";
import { median, quantile } from "../statistics.ts";
import { timedCall } from "../timed-call.ts";

const calls = 20;

/** Milliseconds at p50 that a driver should stay within. */
const targets: Partial<Record<BenchDriver, { cold: number; blank: number }>> = { qemu: { cold: 150, blank: 30 } };

export async function firstCall(options: BenchOptions): Promise<Section[]> {
  const rows: Row[] = [];
  for (const driver of options.drivers) {
    rows.push(await cold(driver), await blank(driver), await crowd(driver));
  }
  return [
    {
      title: "First calls",
      how: `From the caller's side, over HTTP, a new app for each call: no blank (spawn to first reply of the function), a waiting blank (bind to first reply), 100 callers at once with 4 blanks. Median of ${calls} (${crowds} for the crowd).`,
      rows,
    },
  ];
}

async function cold(driver: BenchDriver): Promise<Row> {
  const samples = await withPlatform(driver, { blanks: 0, idleMs: 200 }, (platform) => newApps(platform, 700));
  const p50 = median(samples);
  const row = { what: `${driver}: start → first reply`, measured: spread(samples) };
  return withTarget(row, p50, targets[driver]?.cold);
}

async function blank(driver: BenchDriver): Promise<Row> {
  const samples = await withPlatform(driver, { blanks: 2, idleMs: 200 }, (platform) => newApps(platform, 2_500));
  const p50 = median(samples);
  const row = { what: `${driver}: bind of a waiting blank → first reply`, measured: spread(samples) };
  return withTarget(row, p50, targets[driver]?.blank);
}

function withTarget(row: Row, p50: number, target: number | undefined): Row {
  return target === undefined ? row : { ...row, target: `p50 ≤ ${target} ms`, reached: p50 <= target };
}

const crowds = 5;

async function crowd(driver: BenchDriver): Promise<Row> {
  const waits: number[] = [];
  let failed = 0;
  await withPlatform(driver, { blanks: 4, idleMs: 500 }, async (platform) => {
    for (let round = 0; round < crowds; round++) {
      await sleep(4_000);
      const url = await platform.deploy("hello", `crowd-${round}`);
      const replies = await Promise.allSettled(Array.from({ length: 100 }, () => timedCall(url)));
      for (const reply of replies) {
        if (reply.status === "fulfilled") waits.push(reply.value);
        else failed++;
      }
    }
    return [];
  });
  const p99 = quantile(waits, 0.99);
  return {
    what: `${driver}: 100 concurrent first calls, 4 blanks`,
    measured: `p50 ${ms(median(waits))}, p99 ${ms(p99)}, ${failed} failed`,
    target: "no failure, p99 ≤ 3 s",
    reached: failed === 0 && p99 <= 3_000,
  };
}

/** Deploys a new app for each call, followed by a pause in which blanks are replaced and idle machines killed. */
async function newApps(platform: Platform, pauseMs: number): Promise<number[]> {
  const samples = [];
  for (let index = 0; index < calls; index++) {
    const url = await platform.deploy("hello", `app-${index}`);
    await sleep(pauseMs);
    samples.push(await timedCall(url));
  }
  return samples;
}

async function withPlatform(
  driver: BenchDriver,
  settings: { blanks: number; idleMs: number },
  use: (platform: Platform) => Promise<number[]>,
): Promise<number[]> {
  const platform = await startPlatform(driver, settings);
  try {
    await timedCall(await platform.deploy("hello", "warm-up"));
    return await use(platform);
  } finally {
    await platform.stop();
  }
}
