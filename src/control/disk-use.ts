/**
 * How much of the disk each part of the state folder and of the cache takes.
 *
 * A bucket may have millions of files, so that nobody waits for a measurement: it runs in the background, one at a time, yields between files, looks at no more than
 * MOST_FILES of a part, and is made again only when somebody asks and the last one is older than FRESH_MS.
 */
import { lstat, opendir, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../base/clock/clock.ts";

/** What belongs to which part, by the name of the entry at the top of the folder. Files beside a database, such as its write-ahead log, belong to it. */
const STATE_PARTS = {
  apps: ["catalog.db", "files", "lambda.db", "lambda-zips"],
  logs: ["logs"],
  audit: ["audit"],
  ledger: ["ledger.db"],
  history: ["history.db", "invocations.db"],
  objects: ["objects", "objects.db"],
  queues: ["queues.db"],
  "key-values": ["kv.db"],
  sql: ["sql"],
  events: ["events.db"],
  runs: ["durable.db"],
  appliances: ["appliances.db", "volumes"],
  snapshots: ["snapshots"],
  identities: ["principals.db", "secrets.key", "api-token", "authority.pem", "acme"],
  reserve: ["reserve"],
} as const;

const CACHE_PARTS = {
  images: ["images"],
  templates: ["qemu-templates"],
  "build steps": ["steps"],
  packages: ["packages", "npm", "pip"],
} as const;

export const DISK_PARTS = [...Object.keys(STATE_PARTS), "other state", ...Object.keys(CACHE_PARTS), "other cache"] as (
  | keyof typeof STATE_PARTS
  | keyof typeof CACHE_PARTS
  | "other state"
  | "other cache"
)[];
type DiskPart = (typeof DISK_PARTS)[number];

const MOST_FILES = 100_000;
const FRESH_MS = 300_000;
/** After so many files the others of the event loop have their turn for PAUSE_MS. */
const AT_ONCE = 256;
const PAUSE_MS = 10;

interface PartUse {
  part: DiskPart;
  /** Blocks that are taken, as `du` counts them. */
  bytes: number;
  files: number;
  /** Whether there are more files than were looked at: then it takes at least so much. */
  isMore: boolean;
}

interface FolderUse {
  folder: string;
  /** Of the file system that it is on. */
  totalBytes: number;
  freeBytes: number;
}

export interface DiskReport {
  state: FolderUse;
  cache: FolderUse;
  /** The largest first; empty while the first measurement is under way. */
  parts: PartUse[];
  /** Milliseconds since the epoch; null: nothing was measured yet. */
  measuredAt: number | null;
  isMeasuring: boolean;
}

export interface DiskUse {
  /** What was measured last, and what is free now. Has it measured again if that was long ago. */
  report(): Promise<DiskReport>;
  close(): void;
}

export interface DiskUseParts {
  stateDir: string;
  cacheDir: string;
  clock: Pick<Clock, "wall">;
  onFailure: (error: unknown) => void;
  /** For tests. */
  mostFiles?: number;
}

export function createDiskUse({ stateDir, cacheDir, clock, onFailure, mostFiles = MOST_FILES }: DiskUseParts): DiskUse {
  let last: { parts: PartUse[]; at: number } | undefined;
  let measuring: Promise<void> | undefined;
  const over = new AbortController();
  const measure = async () => {
    const walk = { mostFiles, over: over.signal, seen: new Set<string>() };
    const state = await usesOf(stateDir, STATE_PARTS, "other state", walk);
    // The cache has by far the most files: what is measured first is told first.
    last ??= { parts: state.toSorted(largestFirst), at: clock.wall() };
    const cache = await usesOf(cacheDir, CACHE_PARTS, "other cache", walk);
    if (!over.signal.aborted) last = { parts: [...state, ...cache].toSorted(largestFirst), at: clock.wall() };
  };
  const begin = () => {
    measuring ??= measure()
      .catch(onFailure)
      .finally(() => (measuring = undefined));
  };
  return {
    async report() {
      if (last === undefined || clock.wall() - last.at > FRESH_MS) begin();
      const [state, cache] = await Promise.all([folderUse(stateDir), folderUse(cacheDir)]);
      return {
        state,
        cache,
        parts: last?.parts ?? [],
        measuredAt: last === undefined ? null : Math.trunc(last.at),
        isMeasuring: measuring !== undefined,
      };
    },
    close: () => over.abort(),
  };
}

function largestFirst(one: PartUse, other: PartUse): number {
  return other.bytes - one.bytes;
}

async function folderUse(folder: string): Promise<FolderUse> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { folder, totalBytes: blocks * bsize, freeBytes: bavail * bsize };
}

interface Walk {
  mostFiles: number;
  over: AbortSignal;
  /** Files with several names that were counted: images share files. */
  seen: Set<string>;
}

async function usesOf(folder: string, parts: Record<string, readonly string[]>, rest: DiskPart, walk: Walk): Promise<PartUse[]> {
  const uses = new Map<string, PartUse>();
  for await (const { name } of await opendir(folder)) {
    const part = (partOf(name, parts) ?? rest) as DiskPart;
    const use = uses.get(part) ?? { part, bytes: 0, files: 0, isMore: false };
    uses.set(part, use);
    await addTo(use, join(folder, name), walk);
  }
  return [...uses.values()];
}

function partOf(name: string, parts: Record<string, readonly string[]>): string | undefined {
  if (name.endsWith(".db-reserve")) return "reserve";
  const plain = name.replace(/(\.db)(-(wal|shm|journal))$/, "$1");
  return Object.entries(parts).find(([, names]) => names.includes(plain))?.[0];
}

async function addTo(use: PartUse, path: string, walk: Walk): Promise<void> {
  const folders = [path];
  // What is removed while it is looked at is not counted.
  for (let at = folders.pop(); at !== undefined && !walk.over.aborted; at = folders.pop()) {
    if (use.files >= walk.mostFiles) {
      use.isMore = true;
      return;
    }
    const found = await lstat(at).catch(() => undefined);
    if (found === undefined) continue;
    use.files++;
    if (found.nlink === 1 || found.isDirectory() || isFirst(walk.seen, `${found.dev}:${found.ino}`)) use.bytes += found.blocks * 512;
    if (use.files % AT_ONCE === 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    if (found.isDirectory()) await addNames(folders, at, walk.mostFiles);
  }
}

/** A folder's names are held in memory, so that of a huge one only as many are read as are looked at. */
async function addNames(into: string[], folder: string, most: number): Promise<void> {
  const names = await opendir(folder).catch(() => undefined);
  if (names === undefined) return;
  for await (const { name } of names) {
    into.push(join(folder, name));
    if (into.length > most) return;
  }
}

function isFirst(seen: Set<string>, key: string): boolean {
  if (seen.has(key)) return false;
  seen.add(key);
  return true;
}
