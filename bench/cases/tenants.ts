/** A server with 1,000 tenants of ten apps each beside one with one tenant of ten apps: calls of ten warm apps, the start, the worker's memory. */
import { mkdirSync } from "node:fs";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mainTenant } from "../../src/base/ids/new-id.ts";
import { bundleApp } from "../../src/bundle/bundle-app.ts";
import { openCatalog } from "../../src/store/catalog/sqlite.ts";
import { load } from "../load.ts";
import type { BenchOptions } from "../options.ts";
import { appsFolder, type Platform, startPlatform } from "../platform.ts";
import { ms, type Row, rate, type Section } from "../report.ts";
import { processPss } from "../server.ts";
import { median } from "../statistics.ts";

const TENANTS = 1_000;
const APPS = 10;
const CONNECTIONS = 32;
const WARM_UP_SECONDS = 6;
/** How much slower anything may be. */
const MOST = 1.03;

interface Round {
  cpuUs: number;
  perSecond: number;
  p50: number;
  p99: number;
  failed: number;
}

interface Contestant {
  name: string;
  platform: Platform;
  /** The script by which wrk calls ten apps in turn. */
  script: string;
  rounds: Round[];
  startMs: number[];
  /** Bytes, before the first call. */
  rest: number;
}

export async function tenants(options: BenchOptions): Promise<Section[]> {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-bench-tenants-"));
  const contestants: Contestant[] = [];
  try {
    const paths = Array.from({ length: APPS }, (_, at) => `app${at}/hello`);
    contestants.push(
      await contestant(
        folder,
        "one tenant with 10 apps",
        0,
        paths.map((path) => `/${path}`),
      ),
    );
    contestants.push(
      await contestant(
        folder,
        "1,000 tenants with 10 apps each",
        TENANTS,
        paths.map((path, at) => `/@t${at}/${path}`),
      ),
    );
    for (const each of contestants) await call(each, WARM_UP_SECONDS);
    for (let round = 0; round < options.rounds; round++)
      for (let at = 0; at < contestants.length; at++) {
        const each = contestants[(round + at) % contestants.length]!;
        each.rounds.push(await call(each, options.seconds));
      }
    await measureStarts(contestants, options.rounds);
    return [section(contestants, options)];
  } finally {
    for (const { platform } of contestants) await platform.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param count of tenants; 0: the apps are of `main` */
async function contestant(folder: string, name: string, count: number, paths: string[]): Promise<Contestant> {
  const stateDir = join(folder, `state-${count}`);
  mkdirSync(stateDir);
  await fill(stateDir, count);
  const began = performance.now();
  const platform = await start(stateDir);
  const startMs = [performance.now() - began];
  const script = join(folder, `${count}.lua`);
  writeFileSync(script, scriptOf(paths));
  return { name, platform, script, rounds: [], startMs, rest: processPss(platform.server.pid) };
}

/** Two servers share the host, so that each has the start to itself: they are ended and started in turns. */
async function measureStarts(contestants: Contestant[], rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++)
    for (const each of contestants) {
      await each.platform.restart();
      each.startMs.push(each.platform.startedInMs());
    }
}

const start = (stateDir: string) => startPlatform("process", { blanks: 1, idleMs: 600_000 }, {}, stateDir);

/** Deploys the same app again and again, as the server would: every app has code, a revision and a name of its own. */
async function fill(stateDir: string, count: number): Promise<void> {
  const catalog = openCatalog(join(stateDir, "catalog.db"), join(stateDir, "secrets.key"));
  try {
    const { manifest, bundles: uploads } = await bundleApp(join(appsFolder, "hello"));
    const bundles = uploads.map(({ function: name, format, code }) => ({ function: name, format, code: code as Uint8Array }));
    const owners = count === 0 ? [mainTenant] : Array.from({ length: count }, (_, at) => catalog.tenants.create(`t${at}`).id);
    for (const tenant of owners) for (let at = 0; at < APPS; at++) await catalog.deploy(tenant, { ...manifest, name: `app${at}` }, bundles);
  } finally {
    catalog.close();
  }
}

function scriptOf(paths: string[]): string {
  return `local paths = { ${paths.map((path) => `"${path}"`).join(", ")} }
local at = 0
request = function()
  at = at % #paths + 1
  return wrk.format("GET", paths[at])
end
`;
}

async function call({ platform, script }: Contestant, seconds: number): Promise<Round> {
  const before = platform.server.cpuUs();
  const { requests, requestsPerSecond, p50, p99, failed } = await load(platform.gatewayUrl, CONNECTIONS, seconds, ["--script", script]);
  return { cpuUs: (platform.server.cpuUs() - before) / requests, perSecond: requestsPerSecond, p50, p99, failed };
}

function section(contestants: Contestant[], { seconds, rounds }: BenchOptions): Section {
  const [few, many] = contestants as [Contestant, Contestant];
  const figures: [what: string, of: (each: Contestant) => number, show: (value: number) => string, isMore: boolean][] = [
    ["CPU of the worker a call", (each) => median(each.rounds.map(({ cpuUs }) => cpuUs)), (value) => `${value.toFixed(1)} µs`, false],
    ["calls per second", (each) => median(each.rounds.map(({ perSecond }) => perSecond)), rate, true],
    ["p50", (each) => median(each.rounds.map(({ p50 }) => p50)), ms, false],
    ["p99", (each) => median(each.rounds.map(({ p99 }) => p99)), ms, false],
    ["the start, until the API answers", (each) => median(each.startMs.slice(1)), ms, false],
    ["memory of the worker before the first call", (each) => each.rest, (value) => `${Math.round(value / 1e6)} MB`, false],
  ];
  const rows = figures.map(([what, of, show, isMore]): Row => {
    const [a, b] = [of(few), of(many)];
    const ratio = isMore ? a / b : b / a;
    return { what, measured: `${show(a)}, and ${show(b)}: ${ratio.toFixed(3)} ×`, target: `≤ ${MOST} ×`, reached: ratio <= MOST };
  });
  const failed = contestants.flatMap((each) => each.rounds).reduce((sum, each) => sum + each.failed, 0);
  if (failed > 0) rows.push({ what: "failed calls", measured: String(failed), target: "0", reached: false });
  return {
    title: `1,000 tenants with 10 apps each beside one tenant with 10 apps`,
    how: `wrk -t1 -c${CONNECTIONS}, ${seconds} s, ten apps in turn, of ten tenants or of one, median of ${rounds} interleaved rounds, driver process; both servers are up. ${few.name} first, then ${many.name}.`,
    rows,
  };
}
