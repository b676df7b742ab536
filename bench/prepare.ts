/** Installs what only the bench needs: wrk from Debian, the reference programs from npm. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

export function prepare(): void {
  installReferences();
  installWrk();
}

function installReferences(): void {
  if (existsSync(join(import.meta.dirname, "node_modules/workerd"))) return;
  console.error("bench: installing the reference programs from npm (about a minute) ...");
  execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: import.meta.dirname, stdio: ["ignore", 2, 2] });
}

function installWrk(): void {
  if (existsSync("/usr/bin/wrk")) return;
  if (process.getuid?.() !== 0) throw new Error("bench: wrk is missing. Install it: sudo apt-get install wrk");
  console.error("bench: installing wrk from Debian ...");
  execFileSync("apt-get", ["install", "-y", "--no-install-recommends", "wrk"], { stdio: ["ignore", "ignore", 2] });
}
