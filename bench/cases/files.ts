/** An app of 100 MB of files: what they add to a bind, and to the memory of the host with twenty machines of it. */
import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchOptions } from "../options.ts";
import { type BenchDriver, type Platform, startPlatform } from "../platform.ts";
import { type Row, type Section, ms } from "../report.ts";
import { descendantsPss } from "../server.ts";
import { median } from "../statistics.ts";
import { timedCall } from "../timed-call.ts";

const mega = 1_000_000;
const largeMb = 100;
const pairs = 10;
const alive = 20;
const most = { bindMs: 100, copies: 1.2 };

export async function files(options: BenchOptions): Promise<Section[]> {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-bench-files-"));
  try {
    const apps = { small: makeApp(folder, "small", 0), large: makeApp(folder, "large", largeMb) };
    const rows: Row[] = [];
    for (const driver of options.drivers) rows.push(await bind(driver, apps), ...(await hostMemory(driver, apps)));
    return [
      {
        title: `An app of ${largeMb} MB of files`,
        how: `Its function reads 64 KB of them at its first call. Bind: ${pairs} new apps each, with a waiting blank, in turns with an app of 64 KB. Memory: ${alive} machines at once, one call in each; PSS of all processes below the server, less that with the small app, and one copy for the host's page cache.`,
        rows,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Apps {
  small: string;
  large: string;
}

/** A folder with 64 KB that are read, and one file beside it. */
function makeApp(parent: string, name: string, mb: number): string {
  const folder = join(parent, name);
  mkdirSync(join(folder, "data"), { recursive: true });
  writeFileSync(join(folder, "data/begin.bin"), randomBytes(65_536));
  if (mb > 0) {
    const file = openSync(join(folder, "data/rest.bin"), "w");
    for (let at = 0; at < mb; at++) writeSync(file, randomBytes(mega));
    ftruncateSync(file, mb * mega);
    closeSync(file);
  }
  writeFileSync(join(folder, "main.mjs"), code);
  const manifest = { name, functions: { read: { entry: "main.mjs" } }, files: ["data/**"], concurrency: 1, timeoutMs: 120_000 };
  writeFileSync(join(folder, "mayfly.json"), JSON.stringify(manifest));
  return folder;
}

/** Reads what the parameter names, and waits so many milliseconds as the parameter `ms` says. */
const code = `
import { createReadStream } from "node:fs";
export default {
  async fetch(request) {
    const { searchParams } = new URL(request.url);
    let bytes = 0;
    for await (const piece of createReadStream(new URL("./data/" + (searchParams.get("file") ?? "begin.bin"), import.meta.url))) bytes += piece.length;
    await new Promise((resolve) => setTimeout(resolve, Number(searchParams.get("ms") ?? 0)));
    return new Response(String(bytes));
  },
};
`;

async function bind(driver: BenchDriver, apps: Apps): Promise<Row> {
  const platform = await startPlatform(driver, { blanks: 2, idleMs: 200 });
  const times: Record<keyof Apps, number[]> = { small: [], large: [] };
  try {
    await timedCall(`${await platform.deployFolder(apps.large, "warm-up")}/read`);
    for (let pair = 0; pair < pairs; pair++) {
      for (const which of ["small", "large"] as const) {
        const url = await platform.deployFolder(apps[which], `${which}-${pair}`);
        await sleep(2_500);
        times[which].push(await timedCall(`${url}/read`));
      }
    }
  } finally {
    await platform.stop();
  }
  const [small, large] = [median(times.small), median(times.large)];
  return {
    what: `${driver}: bind of a waiting blank → first reply, over that of a small app`,
    measured: `${ms(large - small)} (${ms(large)} and ${ms(small)})`,
    target: `≤ ${most.bindMs} ms`,
    reached: large - small <= most.bindMs,
  };
}

async function hostMemory(driver: BenchDriver, apps: Apps): Promise<Row[]> {
  const small = await pssOf(driver, apps.small, "begin.bin");
  const rows: Row[] = [];
  for (const [file, what] of [
    ["begin.bin", "64 KB of it read"],
    ["rest.bin", "all of it read"],
  ] as const) {
    const copies = (Math.max(0, (await pssOf(driver, apps.large, file)) - small) + largeMb * mega) / (largeMb * mega);
    const row = { what: `${driver}: memory that ${alive} machines add, ${what} in each`, measured: `${copies.toFixed(2)} × one copy` };
    rows.push(file === "rest.bin" ? row : { ...row, target: `≤ ${most.copies} ×`, reached: copies <= most.copies });
  }
  return rows;
}

/** Bytes of all processes of twenty machines. */
async function pssOf(driver: BenchDriver, folder: string, file: string): Promise<number> {
  const platform = await startPlatform(driver, { blanks: 0, idleMs: 600_000 });
  try {
    const url = `${await platform.deployFolder(folder, "app")}/read?file=${file}`;
    await untilAlive(platform, url);
    return descendantsPss(platform.server.pid);
  } finally {
    await platform.stop();
  }
}

/** Each call in flight has a machine of its own. A busy host needs longer for the start of all than the first calls take. */
async function untilAlive(platform: Platform, url: string): Promise<void> {
  for (let wait = 10_000; ; wait *= 2) {
    await Promise.all(Array.from({ length: alive }, () => timedCall(`${url}&ms=${wait}`)));
    const machines = await platform.client.machines();
    if (machines.filter(({ app }) => app !== null).length === alive) return;
    if (wait > 60_000) throw new Error(`${machines.length} machines are alive, not ${alive}`);
  }
}
