/** Packages with a lock file of their own, which no other test needs: they are installed once, by that lock file, without running scripts of packages. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { loadConfig } from "../src/base/config/load.ts";

const run = promisify(execFile);

/** @param from the folder that has package.json and package-lock.json. Resolves with the folder that has its node_modules */
export async function installedFrom(from: string, name: string): Promise<string> {
  const digest = createHash("sha256")
    .update(readFileSync(join(from, "package-lock.json")))
    .digest("hex");
  const place = join(loadConfig({}).cacheDir, name, digest.slice(0, 16));
  if (!existsSync(place)) {
    const draft = `${place}.${process.pid}`;
    mkdirSync(draft, { recursive: true });
    for (const file of ["package.json", "package-lock.json"]) cpSync(join(from, file), join(draft, file));
    await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: draft });
    rmSync(place, { recursive: true, force: true });
    renameSync(draft, place);
  }
  return place;
}
