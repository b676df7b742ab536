/** The packages that the product installs, according to the lock file. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { projectDir } from "./platform.ts";

/**
 * 39, and croner, by which schedules of triggers are reckoned in time zones; of the dashboard preact, signals in two packages, and uplot;
 * and of the Model Context Protocol its SDK's server and what that is made of.
 */
const MOST = 47;

interface LockedPackage {
  dev?: true;
  os?: string[];
  cpu?: string[];
  libc?: string[];
}

test(`the product is at most ${MOST} npm packages on Linux on x64, all that they need included`, () => {
  const lock = JSON.parse(readFileSync(join(projectDir, "package-lock.json"), "utf8")) as { packages: Record<string, LockedPackage> };
  const installed = Object.entries(lock.packages).filter(([path, { dev, os, cpu, libc }]) => {
    const isForHere = (os?.includes("linux") ?? true) && (cpu?.includes("x64") ?? true) && (libc?.includes("glibc") ?? true);
    return path !== "" && dev !== true && isForHere;
  });
  assert.ok(installed.length >= 10, "the lock file was not understood");
  assert.ok(installed.length <= MOST, `${installed.length}: ${installed.map(([path]) => path.replace("node_modules/", "")).join(" ")}`);
});
