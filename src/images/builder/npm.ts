/**
 * npm packages of a module, without any of their install scripts. Which versions their own dependencies have is decided once and kept in
 * `<cacheDir>/packages/npm/<key>.json`, a package-lock; a refresh decides anew.
 */
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { withDraftFolder } from "../draft-folder.ts";
import { putFile } from "../put-file.ts";
import { runProgram } from "../run-program.ts";
import { settleModes } from "../settle-modes.ts";
import { keyOf } from "./step-cache.ts";

export type Dependencies = Record<string, string>;

export interface NpmPackage {
  name: string;
  version: string;
  /** npm's own: the algorithm and the digest. */
  integrity: string;
}

interface Lock {
  packages: Record<string, { version?: string; integrity?: string }>;
}

const quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];

/** The text of the package-lock for these dependencies. */
export async function npmLock(cacheDir: string, dependencies: Dependencies, refresh: boolean): Promise<string> {
  const folder = join(cacheDir, "packages/npm");
  const file = join(folder, `${keyOf(dependencies)}.json`);
  if (existsSync(file) && !refresh) return readFile(file, "utf8");
  await mkdir(folder, { recursive: true });
  return withDraftFolder(folder, async (draft) => {
    await writeFile(join(draft, "package.json"), manifest(dependencies));
    await runProgram("npm", ["install", "--package-lock-only", ...quiet], { cwd: draft });
    const lock = await readFile(join(draft, "package-lock.json"), "utf8");
    await putFile(file, lock);
    return lock;
  });
}

/** Sorted by name, then by version. */
export function npmPackages(lock: string): NpmPackage[] {
  const entries = Object.entries((JSON.parse(lock) as Lock).packages).filter(([path]) => path !== "");
  return entries.map(([path, { version = "", integrity = "" }]) => {
    return { name: path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length), version, integrity };
  });
}

/** Makes `<into>/node_modules`. */
export async function installNpm(dependencies: Dependencies, lock: string, into: string): Promise<void> {
  await mkdir(into, { recursive: true });
  await writeFile(join(into, "package.json"), manifest(dependencies));
  await writeFile(join(into, "package-lock.json"), lock);
  await runProgram("npm", ["ci", "--omit=dev", ...quiet], { cwd: into });
  await copyFile(join(into, "package-lock.json"), join(into, "node_modules/.package-lock.json"));
  await settleModes(join(into, "node_modules"));
}

function manifest(dependencies: Dependencies): string {
  return `${JSON.stringify({ name: "module", version: "0.0.0", private: true, dependencies }, null, 2)}\n`;
}
