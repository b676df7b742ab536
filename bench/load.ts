/** Uses wrk as the load generator: it needs a tenth of the CPU time that it measures, so two cores are enough for both. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface Load {
  requestsPerSecond: number;
  /** In milliseconds. */
  p50: number;
  p99: number;
  requests: number;
  /** Socket errors and replies other than 2xx and 3xx. */
  failed: number;
}

/** @param seconds the duration; @param connections are kept busy, with one request in flight on each; @param more flags for wrk */
export async function load(url: string, connections: number, seconds: number, more: string[] = []): Promise<Load> {
  const { stdout } = await run("wrk", ["-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "10s", "--latency", ...more, url]);
  return {
    requestsPerSecond: Number(find(stdout, /Requests\/sec:\s+([\d.]+)/)),
    p50: milliseconds(find(stdout, /^\s+50%\s+(\S+)/m)),
    p99: milliseconds(find(stdout, /^\s+99%\s+(\S+)/m)),
    requests: Number(find(stdout, /(\d+) requests in/)),
    failed: failures(stdout),
  };
}

function failures(output: string): number {
  const bad = /Non-2xx or 3xx responses: (\d+)/.exec(output);
  const socket = /connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output);
  const counts = [...(bad?.slice(1) ?? []), ...(socket?.slice(1) ?? [])];
  return counts.reduce((sum, count) => sum + Number(count), 0);
}

function find(output: string, pattern: RegExp): string {
  const match = pattern.exec(output)?.[1];
  if (match === undefined) throw new Error(`wrk printed nothing for ${pattern}:\n${output}`);
  return match;
}

const scale: Record<string, number> = { us: 0.001, ms: 1, s: 1_000, m: 60_000 };

function milliseconds(text: string): number {
  const [, value, unit] = /^([\d.]+)(us|ms|s|m)$/.exec(text) ?? [];
  if (value === undefined || unit === undefined) throw new Error(`wrk printed the time ${text}`);
  return Number(value) * (scale[unit] ?? Number.NaN);
}
