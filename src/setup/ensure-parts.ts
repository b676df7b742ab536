import { existsSync, readdirSync } from "node:fs";
import { MayflyError } from "../base/errors/error.ts";
import { aptInstall, aptUpdate } from "./apt.ts";
import { findProgram, missingParts, type Part, requiredParts } from "./required-parts.ts";

export interface EnsureOptions {
  parts?: Part[];
  /** Folders in which programs are looked for. */
  folders?: string[];
  root?: boolean;
}

/**
 * Installs what this host lacks, and says so. Where nothing lacks it only looks for a few files. Rejects with "missing-part", which names the packages and
 * the command, where it may not or cannot install them.
 */
export async function ensureParts(progress: (step: string) => void, options: EnsureOptions = {}): Promise<void> {
  const { parts = requiredParts, folders, root = process.getuid?.() === 0 } = options;
  const missing = missingParts(parts, folders);
  if (missing.length === 0) return;
  if (!root) throw missingPart(missing, "Mayfly does not run as root, so it cannot install packages");
  if (findProgram("apt-get", folders) === undefined) throw missingPart(missing, "there is no apt-get to install it with");
  await install(missing, progress);
  const still = missingParts(parts, folders);
  if (still.length > 0) throw missingPart(still, "apt-get installed the package, but the program is not there");
}

async function install(parts: Part[], progress: (step: string) => void): Promise<void> {
  const names = parts.map(({ name }) => name);
  try {
    if (!hasPackageLists()) await update(progress);
    progress(`installing Debian packages: ${parts.map(({ name, why }) => `${name} (${why})`).join(", ")}`);
    await aptInstall(names).catch(async () => {
      // Package lists that are out of date name files that the mirror no longer has.
      await update(progress);
      progress(`installing Debian packages again: ${names.join(", ")}`);
      await aptInstall(names);
    });
  } catch (error) {
    throw missingPart(parts, (error as Error).message, error);
  }
}

async function update(progress: (step: string) => void): Promise<void> {
  progress("fetching Debian's package lists (apt-get update)");
  await aptUpdate();
}

function hasPackageLists(): boolean {
  const folder = "/var/lib/apt/lists";
  return existsSync(folder) && readdirSync(folder).some((name) => name.includes("_Packages"));
}

function missingPart(parts: Part[], reason: string, cause?: unknown): MayflyError {
  const named = parts.map(({ name, program }) => `${name} (the program ${program})`).join(" and ");
  return new MayflyError("missing-part", { part: named, reason, cure: installCure(parts) }, cause);
}

/** A sentence with the command that installs the parts. */
export function installCure(parts: Part[]): string {
  const names = parts.map(({ name }) => name).join(" ");
  return `Install it as root: apt-get update && apt-get install --no-install-recommends ${names}`;
}
