/**
 * Removes images that nothing uses; each takes about 300 MB. Kept are the platform's own image, images with a name, images of templates,
 * and images that a process uses.
 */
import { lstat, readdir, readFile, readlink, rm } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { imagesFolder } from "../image.ts";
import { pathsIn } from "../paths-in.ts";
import { imageNames } from "./names.ts";
import { idsOfTemplates } from "./templates.ts";

const DAY_MS = 86_400_000;

export interface PruneOptions {
  cacheDir: string;
  /** The image from which machines currently start, if it is built. */
  current: string | undefined;
  /** Ids that are in use for other reasons. */
  keep: string[];
  /** Only report what would be removed. */
  dryRun: boolean;
}

interface Pruned {
  id: string;
  /** Disk space that no other image shares. */
  bytes: number;
}

export async function pruneImages({ cacheDir, current, keep, dryRun }: PruneOptions): Promise<{ removed: Pruned[]; kept: string[] }> {
  const folder = imagesFolder(cacheDir);
  const all = existsSync(folder) ? (await readdir(folder)).filter((name) => isId(name)) : [];
  const used = new Set([
    current,
    ...keep,
    ...(await imageNames(cacheDir)).values(),
    ...(await idsOfTemplates(cacheDir)),
    ...(await idsInUse(folder)),
  ]);
  const unused = all.filter((id) => !used.has(id));
  const removed: Pruned[] = [];
  for (const id of unused) {
    removed.push({ id, bytes: await ownBytes(join(folder, id)) });
    if (!dryRun) await rm(join(folder, id), { recursive: true, force: true });
  }
  if (!dryRun) await removeKeys(join(folder, "keys"), new Set(unused));
  if (!dryRun) await removeOldPulls(join(cacheDir, "pulls"));
  return { removed, kept: all.filter((id) => used.has(id)) };
}

function isId(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}

/** Ids in the open files, command lines and mounts of this host's processes. */
async function idsInUse(folder: string): Promise<string[]> {
  const processes = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const texts = await Promise.all(processes.map((pid) => textOf(join("/proc", pid))));
  return texts.flatMap((text) => idsIn(text, folder));
}

function idsIn(text: string, folder: string): string[] {
  return text
    .split(`${folder}/`)
    .slice(1)
    .map((rest) => rest.slice(0, 64))
    .filter(isId);
}

/** Empty for a process that has ended, or that belongs to another user. */
async function textOf(process: string): Promise<string> {
  const descriptors = await readdir(join(process, "fd")).catch(() => []);
  const files = ["cmdline", "mountinfo"].map((name) => readFile(join(process, name), "utf8"));
  const links = descriptors.map((fd) => readlink(join(process, "fd", fd)));
  const found = await Promise.allSettled([...files, ...links]);
  return found.map((one) => (one.status === "fulfilled" ? one.value : "")).join("\n");
}

/** Removes parts of images whose pull was abandoned. Parts that arrived within the last day may still be wanted, and stay. */
async function removeOldPulls(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  for (const name of await readdir(folder)) {
    const { mtimeMs } = await lstat(join(folder, name));
    if (Date.now() - mtimeMs > DAY_MS) await rm(join(folder, name), { recursive: true, force: true });
  }
}

async function removeKeys(folder: string, removed: Set<string>): Promise<void> {
  if (!existsSync(folder)) return;
  for (const key of await readdir(folder)) {
    const id = await readFile(join(folder, key), "utf8");
    if (removed.has(id.trim())) await rm(join(folder, key), { force: true });
  }
}

/** Files with another hard link also belong to a cached step or another image. */
async function ownBytes(folder: string): Promise<number> {
  const stats = await Promise.all((await pathsIn(folder)).map((path) => lstat(join(folder, path))));
  const own = stats.filter((one) => one.isFile() && one.nlink === 1);
  return own.reduce((sum, { blocks }) => sum + blocks * 512, 0);
}
