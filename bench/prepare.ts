/** Installs what only the bench needs, and only for the cases that were asked for: wrk from Debian, the reference programs and what draws plots from npm. */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { installPackages as installPlotPackages } from "../lab/page/packages.ts";
import type { CaseName } from "./options.ts";

/** The cases that put load on a server, and among them those that compare it with programs other than Node. */
const loading: ReadonlySet<CaseName> = new Set(["warm", "waiting", "runtimes", "lambda"]);
const comparing: ReadonlySet<CaseName> = new Set(["warm", "lambda", "dev"]);

export async function prepare(cases: readonly CaseName[]): Promise<void> {
  if (cases.some((name) => comparing.has(name))) installReferences();
  if (cases.some((name) => loading.has(name))) installWrk();
  if (cases.includes("live")) await installPlotPackages((step) => console.error(`bench: ${step} ...`));
}

/** Installs again if the package-lock has changed since the last time. */
function installReferences(): void {
  const lock = join(import.meta.dirname, "package-lock.json");
  const installed = join(import.meta.dirname, "node_modules/.installed-lock");
  if (existsSync(installed) && readFileSync(installed).equals(readFileSync(lock))) return;
  console.error("bench: installing the reference programs from npm (about a minute) ...");
  execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: import.meta.dirname, stdio: ["ignore", 2, 2] });
  copyFileSync(lock, installed);
}

function installWrk(): void {
  if (existsSync("/usr/bin/wrk")) return;
  if (process.getuid?.() !== 0) throw new Error("bench: wrk is missing. Install it: sudo apt-get install wrk");
  console.error("bench: installing wrk from Debian ...");
  execFileSync("apt-get", ["install", "-y", "--no-install-recommends", "wrk"], { stdio: ["ignore", "ignore", 2] });
}
