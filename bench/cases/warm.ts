/** Warm hello: every program and every driver in turn, in several rounds, so that noise affects all of them equally. */
import { type Load, load } from "../load.ts";
import { type BenchDriver, startPlatform } from "../platform.ts";
import { type ReferenceName, referenceNames, startReference } from "../references.ts";
import { type Section, ms, rate, times } from "../report.ts";
import type { Server } from "../server.ts";
import { median } from "../statistics.ts";
import type { BenchOptions } from "../options.ts";

/** An emulated machine compiles and translates for some seconds; every program gets the same warm-up. */
const WARM_UP_SECONDS = 8;

interface Contestant {
  name: string;
  url: string;
  server: Server;
  stop(): Promise<void>;
  busy: (Load & { cpuUs: number })[];
  alone: Load[];
}

export async function warm(options: BenchOptions): Promise<Section[]> {
  const contestants: Contestant[] = [];
  try {
    for (const name of referenceNames) contestants.push(await reference(name));
    for (const driver of options.drivers) contestants.push(await mayfly(driver));
    for (const { url } of contestants) await load(url, 32, WARM_UP_SECONDS);
    for (let round = 0; round < options.rounds; round++) {
      for (const contestant of contestants) await measure(contestant, options.seconds);
    }
  } finally {
    for (const contestant of contestants) await contestant.stop();
  }
  return [throughput(contestants, options), latency(contestants, options)];
}

async function reference(name: ReferenceName): Promise<Contestant> {
  const server = await startReference(name);
  return { name, url: server.url, server, stop: () => server.stop(), busy: [], alone: [] };
}

async function mayfly(driver: BenchDriver): Promise<Contestant> {
  const platform = await startPlatform(driver, { blanks: 1, idleMs: 600_000 });
  const url = await platform.deploy("hello");
  return { name: `mayfly ${driver}`, url, server: platform.server, stop: () => platform.stop(), busy: [], alone: [] };
}

async function measure({ url, server, busy, alone }: Contestant, seconds: number): Promise<void> {
  const before = server.cpuUs();
  const many = await load(url, 32, seconds);
  busy.push({ ...many, cpuUs: (server.cpuUs() - before) / many.requests });
  alone.push(await load(url, 1, seconds));
}

function throughput(contestants: Contestant[], { seconds, rounds }: BenchOptions): Section {
  const of = (name: string) =>
    median(contestants.find((each) => each.name === name)?.busy.map((each) => each.requestsPerSecond) ?? [Number.NaN]);
  const bare = of("bare node:http");
  const framework = of("functions-framework");
  const rows = contestants.map(({ name, busy }) => {
    const requests = median(busy.map((each) => each.requestsPerSecond));
    const failed = busy.reduce((sum, each) => sum + each.failed, 0);
    const cpu = median(busy.map((each) => each.cpuUs));
    const measured = `${rate(requests)}, p50 ${ms(median(busy.map((each) => each.p50)))}, p99 ${ms(median(busy.map((each) => each.p99)))}, ${cpu.toFixed(1)} µs CPU per request, ${times(requests / bare)} bare, ${times(requests / framework)} functions-framework${failed > 0 ? `, ${failed} FAILED` : ""}`;
    return { what: name, measured, ...throughputTarget(name, requests, bare, framework) };
  });
  const process = contestants.find(({ name }) => name === "mayfly process");
  if (process) rows.push(hostCpu(process));
  return {
    title: "Warm hello, 32 connections",
    how: `wrk -t1 -c32, ${seconds} s, median of ${rounds} interleaved rounds; after a warm-up of 8 s with the same load. CPU is that of the process that answers HTTP.`,
    rows,
  };
}

function throughputTarget(name: string, requests: number, bare: number, framework: number) {
  if (name === "mayfly process")
    return { target: "≥ 0.5 × bare, ≥ 2.5 × functions-framework", reached: requests >= 0.5 * bare && requests >= 2.5 * framework };
  if (name === "mayfly gvisor") return { target: "≥ functions-framework", reached: requests >= framework };
  if (name === "mayfly qemu") return { target: "≥ 4,500/s", reached: requests >= 4_500 };
  return {};
}

function hostCpu({ busy }: Contestant) {
  const cpu = median(busy.map((each) => each.cpuUs));
  return {
    what: "CPU per request of gateway + dispatcher + wire (driver process)",
    measured: `${cpu.toFixed(1)} µs`,
    target: "≤ 25 µs",
    reached: cpu <= 25,
  };
}

function latency(contestants: Contestant[], { seconds, rounds }: BenchOptions): Section {
  const bare = contestants.find(({ name }) => name === "bare node:http")?.alone ?? [];
  const [bare50, bare99] = [median(bare.map((each) => each.p50)), median(bare.map((each) => each.p99))];
  const rows = contestants.map(({ name, alone }) => {
    const [p50, p99] = [median(alone.map((each) => each.p50)), median(alone.map((each) => each.p99))];
    const measured = `p50 ${ms(p50)} (+${ms(p50 - bare50)}), p99 ${ms(p99)} (+${ms(p99 - bare99)})`;
    if (name !== "mayfly process") return { what: name, measured };
    return { what: name, measured, target: "p50 ≤ 0.1 ms, p99 ≤ 0.5 ms over bare", reached: p50 - bare50 <= 0.1 && p99 - bare99 <= 0.5 };
  });
  return {
    title: "Warm hello, one connection",
    how: `wrk -t1 -c1, ${seconds} s, median of ${rounds} interleaved rounds; in brackets: over bare node:http.`,
    rows,
  };
}
