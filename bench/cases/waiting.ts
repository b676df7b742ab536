/** How many invocations of a function that waits 50 ms one machine handles at once. */
import { load } from "../load.ts";
import type { BenchOptions } from "../options.ts";
import { startPlatform } from "../platform.ts";
import { startBareWaiting } from "../references.ts";
import { type Row, type Section, ms, rate } from "../report.ts";
import { median } from "../statistics.ts";

const connections = 256;

export async function waiting(options: BenchOptions): Promise<Section[]> {
  const servers = [await bare(), ...(await Promise.all(options.drivers.map(mayfly)))];
  const rows: Row[] = [];
  try {
    for (const { url } of servers) await load(url, connections, 8);
    for (const { name, url, target } of servers) rows.push(await measure(name, url, target, options));
  } finally {
    for (const { stop } of servers) await stop();
  }
  return [
    {
      title: "A function that waits 50 ms, 256 connections, one machine",
      how: `wrk -t1 -c${connections}, median of ${options.rounds} rounds of ${options.seconds} s; 5,120/s is what the wait allows.`,
      rows,
    },
  ];
}

async function measure(name: string, url: string, target: boolean, { rounds, seconds }: BenchOptions): Promise<Row> {
  const loads = [];
  for (let round = 0; round < rounds; round++) loads.push(await load(url, connections, seconds));
  const requests = median(loads.map((each) => each.requestsPerSecond));
  const p99 = median(loads.map((each) => each.p99));
  const failed = loads.reduce((sum, each) => sum + each.failed, 0);
  const measured = `${rate(requests)}, p50 ${ms(median(loads.map((each) => each.p50)))}, p99 ${ms(p99)}, ${failed} failed`;
  return target
    ? { what: name, measured, target: "≥ 4,500/s, p99 ≤ 100 ms", reached: requests >= 4_500 && p99 <= 100 && failed === 0 }
    : { what: name, measured };
}

async function bare() {
  const server = await startBareWaiting(50);
  return { name: "bare node:http", url: server.url, target: false, stop: () => server.stop() };
}

async function mayfly(driver: BenchOptions["drivers"][number]) {
  const platform = await startPlatform(driver, { blanks: 1, idleMs: 600_000 });
  return { name: `mayfly ${driver}`, url: await platform.deploy("wait"), target: true, stop: () => platform.stop() };
}
