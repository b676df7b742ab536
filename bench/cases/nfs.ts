/** Files of an NFS server in a machine of qemu, beside the same from this host: by its kernel's own mount if it can, and by libnfs. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createScope, type Scope } from "../../test/platform.ts";
import { type NfsServer, startNfsServer } from "../../test/nfs-server.ts";
import { afterwards } from "../../src/base/testing/afterwards.ts";
import { type Figures, filesOf, madeBefore, measure, sizes } from "../apps/nfs/workload.ts";
import { openLibnfs } from "../libnfs.ts";
import type { BenchOptions } from "../options.ts";
import { appsFolder, startPlatform } from "../platform.ts";
import { type Row, type Section, rate, times } from "../report.ts";
import { median } from "../statistics.ts";

/** The third number of its addresses, which no test's server has. */
const SUBNET = 41;
const folders = { "4.1": "/data", "3": "/mnt/v3" } as const;
const versions = Object.keys(folders) as (keyof typeof folders)[];

/** A way to the server, by which one round is measured. */
interface Way {
  what: string;
  /** Absent if it is compared with each version in the machine. */
  version?: keyof typeof folders;
  measure: (own: string) => Figures | Promise<Figures>;
}

export async function nfs({ drivers, rounds }: BenchOptions): Promise<Section[]> {
  if (!drivers.includes("qemu")) return [];
  const scope = createScope();
  try {
    const server = await startNfsServer(scope, SUBNET);
    const host = await waysOfHost(scope, server);
    const ways = [...(await waysOfMachine(scope, server)), ...host.ways];
    const found = new Map<Way, Figures[]>(ways.map((way) => [way, []]));
    for (let round = 0; round < rounds; round++)
      for (const [at, way] of ways.entries()) found.get(way)!.push(await measured(server, way, `${round}-${at}`));
    return [
      {
        title: "Files of an NFS server, qemu",
        how: `nfs-ganesha on this host, ${rounds} rounds in turns. Each round writes a file of ${sizes.large / 2 ** 20} MiB and reads another, then makes, reads, looks at and removes ${sizes.files} files of ${sizes.small} bytes, one after the other. Nothing of what is read is known before. ${host.note}`,
        rows: versions.flatMap((version) => rowsOf([...found].filter(([way]) => (way.version ?? version) === version))),
      },
    ];
  } finally {
    await scope.close();
  }
}

async function waysOfMachine(scope: Scope, server: NfsServer): Promise<Way[]> {
  const platform = await startPlatform("qemu", { blanks: 0, idleMs: 600_000 }, { MAYFLY_EGRESS_ALLOW: server.entries.join() });
  afterwards(scope, () => platform.stop());
  const mounts = versions.map((version) => ({ nfs: `${server.address}:/export`, path: folders[version], options: `vers=${version}` }));
  const url = await platform.deployFolder(join(appsFolder, "nfs"), "nfs", { mounts });
  return versions.map((version) => ({
    what: `machine, NFS ${version}`,
    version,
    async measure(own) {
      const response = await fetch(`${url}/measure?folder=${folders[version]}&own=${own}`);
      if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
      return (await response.json()) as Figures;
    },
  }));
}

async function waysOfHost(scope: Scope, server: NfsServer): Promise<{ ways: Way[]; note: string }> {
  const libnfs = await openLibnfs(server.address, "/export");
  const ways: Way[] = [{ what: "this host by libnfs, NFS 3", measure: (own) => measure(libnfs, own) }];
  if (!kernelMounts())
    return {
      ways,
      note: "This host's kernel cannot mount NFS exports, so that the comparison is libnfs alone, a client in user space without a cache.",
    };
  for (const version of versions) {
    const files = filesOf(mountHere(scope, server, version));
    ways.push({ what: `this host's own mount, NFS ${version}`, version, measure: (own) => measure(files, own) });
  }
  return { ways, note: "" };
}

function kernelMounts(): boolean {
  spawnSync("modprobe", ["nfs"]); // a kernel that has it, has no module, or no modprobe, is looked at all the same
  return /\bnfs\b/.test(readFileSync("/proc/filesystems", "utf8"));
}

/** Returns the folder. The options are those that a machine's kernel gets. */
function mountHere(scope: Scope, { address }: NfsServer, version: keyof typeof folders): string {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-bench-nfs-"));
  afterwards(scope, () => rmdirSync(folder));
  const of3 = version === "3" ? `,mountaddr=${address},mountport=20048,mountproto=tcp,mountvers=3,nolock` : "";
  const options = `vers=${version},addr=${address},port=2049,proto=tcp,sec=sys,noresvport${of3}`;
  execFileSync("mount", ["-i", "-t", "nfs", "-o", options, `${address}:/export`, folder]);
  afterwards(scope, () => void execFileSync("umount", [folder]));
  return folder;
}

async function measured({ folder }: NfsServer, way: Way, own: string): Promise<Figures> {
  const { large, small, known } = madeBefore(own);
  writeFileSync(join(folder, large), Buffer.alloc(sizes.large, "fedcba9876543210"));
  for (const name of [...small, ...known]) writeFileSync(join(folder, name), Buffer.alloc(sizes.small));
  try {
    return await way.measure(own);
  } finally {
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
  }
}

const kinds: Record<keyof Figures, { what: string; shown: (figure: number) => string }> = {
  write: { what: "large file written", shown: megabytes },
  read: { what: "large file read", shown: megabytes },
  smallWrite: { what: "small files made", shown: rate },
  smallRead: { what: "small files read", shown: rate },
  stat: { what: "small files looked at", shown: rate },
  remove: { what: "small files removed", shown: rate },
};

/** A row for each figure: the machine's, and beside it those of this host. @param found begins with the machine's */
function rowsOf(found: [Way, Figures[]][]): Row[] {
  return (Object.keys(kinds) as (keyof Figures)[]).map((kind) => {
    const { what, shown } = kinds[kind];
    const medians = found.map(([way, figures]) => ({ way: way.what, figure: median(figures.map((each) => each[kind])) }));
    const own = medians[0]!;
    const beside = medians.slice(1).map(({ way, figure }) => `${way}: ${shown(figure)} (${times(own.figure / figure)})`);
    return { what: `${own.way}: ${what}`, measured: [shown(own.figure), ...beside].join("; ") };
  });
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB/s`;
}
