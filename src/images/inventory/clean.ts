/** Removes the cached steps of builds. Images stay: they keep the files that they share with a step. */
import { lstat, readdir, rm } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { stepsFolder } from "../builder/step-cache.ts";
import { pathsIn } from "../paths-in.ts";

/** `bytes`: how much disk space was freed. */
export async function cleanSteps(cacheDir: string): Promise<{ steps: number; bytes: number }> {
  const folder = stepsFolder(cacheDir);
  const steps = existsSync(folder) ? (await readdir(folder)).filter((name) => !name.startsWith(".")) : [];
  let bytes = 0;
  for (const step of steps) {
    bytes += await bytesOf(join(folder, step));
    await rm(join(folder, step), { recursive: true, force: true });
  }
  return { steps: steps.length, bytes };
}

async function bytesOf(folder: string): Promise<number> {
  const stats = await Promise.all((await pathsIn(folder)).map((path) => lstat(join(folder, path))));
  return stats.filter((one) => one.isDirectory() || one.nlink === 1).reduce((sum, { blocks }) => sum + blocks * 512, 0);
}
