/**
 * What telemetry costs a call: hello on servers that keep what calls were like, count, export, and write an access log, all loaded at the same time as one
 * that does nothing of it. Servers that are loaded one after the other differ by more than telemetry costs, because the host is not the same for each; and so
 * do those that have had more calls than others, because V8 goes on making what runs often faster.
 */
import { createServer } from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listening } from "../../src/base/testing/listening.ts";
import { accessLog } from "../access-lines.ts";
import { keptCalls } from "../kept-calls.ts";
import { load } from "../load.ts";
import type { BenchOptions } from "../options.ts";
import { type Platform, startPlatform } from "../platform.ts";
import { rate, type Section } from "../report.ts";
import { median } from "../statistics.ts";

const CONNECTIONS = 32;
const WARM_UP_SECONDS = 15;
const MOST_US = 2;

interface Contestant {
  name: string;
  platform: Platform;
  url: string;
  /** What the target is for; the others show what two equal servers differ by. */
  counts: boolean;
  rounds: { cpuUs: number; perSecond: number; failed: number }[];
}

export async function telemetry(options: BenchOptions): Promise<Section[]> {
  await using opened = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "mayfly-bench-"));
  opened.defer(() => rmSync(folder, { recursive: true, force: true }));
  const collector = createServer((request, response) => void request.resume().once("end", () => response.end("{}")));
  const otlp = `http://127.0.0.1:${await listening(collector)}`;
  opened.defer(() => void collector.close());
  opened.defer(() => collector.closeAllConnections());
  const withoutCalls = { MAYFLY_INVOCATIONS_KEEP: "false" };
  const off = { MAYFLY_TELEMETRY_METRICS: "false", ...withoutCalls };
  const log = (name: string) => ({ ...off, MAYFLY_ACCESS_LOG_FILE: join(folder, name) });
  const kinds: [name: string, env: Record<string, string>, counts: boolean][] = [
    ["nothing", off, false],
    ["nothing, another server", off, false],
    ["what calls were like", { MAYFLY_TELEMETRY_METRICS: "false" }, true],
    ["metrics", withoutCalls, true],
    ["metrics and OTLP, 100 traces/s", { MAYFLY_TELEMETRY_OTLP_URL: otlp, ...withoutCalls }, true],
    ["the access log as JSON", log("json.log"), true],
    ["the access log in the combined form", { ...log("combined.log"), MAYFLY_ACCESS_LOG_FORMAT: "combined" }, true],
  ];
  const contestants: Contestant[] = [];
  for (const [name, env, counts] of kinds) {
    const platform = await startPlatform("process", { blanks: 1, idleMs: 600_000 }, env);
    opened.defer(() => platform.stop());
    contestants.push({ name, platform, url: await platform.deploy("hello"), counts, rounds: [] });
  }
  await Promise.all(contestants.map(({ url }) => load(url, CONNECTIONS, WARM_UP_SECONDS)));
  for (let round = 0; round < options.rounds; round++) await Promise.all(contestants.map((each) => measure(each, options.seconds)));
  return [section(contestants, options), await accessLog(options.rounds), keptCalls(options.rounds)];
}

async function measure({ platform: { server }, url, rounds }: Contestant, seconds: number): Promise<void> {
  const before = server.cpuUs();
  const { requests, requestsPerSecond, failed } = await load(url, CONNECTIONS, seconds);
  rounds.push({ cpuUs: (server.cpuUs() - before) / requests, perSecond: requestsPerSecond, failed });
}

function section(contestants: Contestant[], { seconds, rounds }: BenchOptions): Section {
  const [{ rounds: without }, ...others] = contestants as [Contestant, ...Contestant[]];
  const rows = others.map(({ name, counts, rounds: own }) => {
    const more = own.map(({ cpuUs }, at) => cpuUs - without[at]!.cpuUs).toSorted((a, b) => a - b);
    const failed = own.reduce((sum, each) => sum + each.failed, 0);
    const [least, middle, most] = [0.25, 0.5, 0.75].map((share) => more[Math.floor((more.length - 1) * share)]!) as [
      number,
      number,
      number,
    ];
    const costs = `${middle.toFixed(2)} µs more (${least.toFixed(1)} to ${most.toFixed(1)}), ${cpuOf(own)} instead of ${cpuOf(without)}`;
    const measured = `${costs}${failed > 0 ? `, ${failed} FAILED` : ""}`;
    if (!counts) return { what: name, measured };
    return { what: name, measured, target: `≤ ${MOST_US} µs more a call`, reached: middle <= MOST_US && failed === 0 };
  });
  const perSecond = contestants.reduce((sum, each) => sum + median(each.rounds.map((round) => round.perSecond)), 0);
  return {
    title: `Telemetry, ${contestants.length} servers at the same time, ${CONNECTIONS} connections each`,
    how: `wrk -t1 -c${CONNECTIONS}, ${seconds} s, ${rounds} rounds, driver process; ${rate(perSecond)} in all. CPU of the worker a call, beside that of a server without telemetry in the same round: the median of the rounds, in brackets the quartiles.`,
    rows,
  };
}

function cpuOf(rounds: Contestant["rounds"]): string {
  return `${median(rounds.map(({ cpuUs }) => cpuUs)).toFixed(1)} µs`;
}
