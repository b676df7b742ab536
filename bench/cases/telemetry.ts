/** What telemetry costs a call: hello on servers that count nothing, keep what calls were like, count, export, and write an access log, in turns. */
import { createServer } from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listening } from "../../src/base/testing/listening.ts";
import { keptCalls } from "../kept-calls.ts";
import { load } from "../load.ts";
import type { BenchOptions } from "../options.ts";
import { type Platform, startPlatform } from "../platform.ts";
import { rate, type Section } from "../report.ts";
import { median } from "../statistics.ts";

const CONNECTIONS = 32;
const WARM_UP_SECONDS = 3;
const MOST_US = 2;

interface Contestant {
  name: string;
  platform: Platform;
  url: string;
  /** Whether the target is for it. */
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
  const kinds: [name: string, env: Record<string, string>, counts: boolean][] = [
    ["nothing", off, false],
    ["what calls were like", { MAYFLY_TELEMETRY_METRICS: "false" }, true],
    ["metrics", withoutCalls, true],
    ["metrics and OTLP, 100 traces/s", { MAYFLY_TELEMETRY_OTLP_URL: otlp, ...withoutCalls }, true],
    ["the access log, without metrics", { ...off, MAYFLY_ACCESS_LOG_FILE: join(folder, "access.log") }, false],
  ];
  const contestants: Contestant[] = [];
  for (const [name, env, counts] of kinds) {
    const platform = await startPlatform("process", { blanks: 1, idleMs: 600_000 }, env);
    opened.defer(() => platform.stop());
    contestants.push({ name, platform, url: await platform.deploy("hello"), counts, rounds: [] });
  }
  for (const { url } of contestants) await load(url, CONNECTIONS, WARM_UP_SECONDS);
  // Which comes first in a round changes, because what runs after another one may find the host busier.
  for (let round = 0; round < options.rounds; round++)
    for (let at = 0; at < contestants.length; at++) await measure(contestants[(round + at) % contestants.length]!, options.seconds);
  return [section(contestants, options), keptCalls(options.rounds)];
}

async function measure({ platform: { server }, url, rounds }: Contestant, seconds: number): Promise<void> {
  const before = server.cpuUs();
  const { requests, requestsPerSecond, failed } = await load(url, CONNECTIONS, seconds);
  rounds.push({ cpuUs: (server.cpuUs() - before) / requests, perSecond: requestsPerSecond, failed });
}

function section(contestants: Contestant[], { seconds, rounds }: BenchOptions): Section {
  const rows = contestants.map(({ name, counts, rounds: own }) => {
    const of = (what: "cpuUs" | "perSecond") => median(own.map((each) => each[what]));
    // Of the same round, because the host is not the same in each.
    const more = median(own.map(({ cpuUs }, at) => cpuUs - contestants[0]!.rounds[at]!.cpuUs));
    const failed = own.reduce((sum, each) => sum + each.failed, 0);
    const against = name === "nothing" ? "" : `, ${more.toFixed(2)} µs more than nothing`;
    const measured = `${of("cpuUs").toFixed(1)} µs CPU of the worker a call${against}; ${rate(of("perSecond"))}${failed > 0 ? `, ${failed} FAILED` : ""}`;
    return { what: name, measured, ...(counts && { target: `≤ ${MOST_US} µs more a call`, reached: more <= MOST_US && failed === 0 }) };
  });
  return {
    title: `Telemetry, ${CONNECTIONS} connections`,
    how: `wrk -t1 -c${CONNECTIONS}, ${seconds} s, median of ${rounds} interleaved rounds, driver process, a server for each. CPU is that of the worker alone; what is compared is of the same round.`,
    rows,
  };
}
