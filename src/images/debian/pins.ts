/**
 * The versions of the packages in use. Debian's own resolver chooses them once; then they are kept, so that a host's images don't change by
 * themselves.
 *
 * Owns `<store>/pins/<key>.json`, one file per set of packages that was ever requested. A file is replaced only by a refresh, or if the
 * mirror no longer has a version that is not in the cache.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { putFile } from "../put-file.ts";
import { debianName, debianVersion, openPrivateApt, type PackageVersion, type PrivateApt, type Suite } from "./private-apt.ts";

/** A name that ends in "/meta" stands for the one package on which that metapackage depends. */
export interface PackageSet {
  suite: Suite;
  /** Packages with all their dependencies, except `without` and what only `without` needs. Each closure is resolved separately. */
  closures: { packages: string[]; without: string[] }[];
  /** Packages without their dependencies. */
  single: string[];
}

export interface PinnedSet {
  /** In the same order as the set's closures; each is sorted by name. */
  closures: PackageVersion[][];
  single: Record<string, PackageVersion>;
}

const version = z.object({ name: debianName, version: debianVersion, sha256: z.string().regex(/^[0-9a-f]{64}$/) });
const pinnedSchema = z.object({ closures: z.array(z.array(version)), single: z.record(z.string(), version) });

export async function pinned(store: string, set: PackageSet): Promise<PinnedSet | undefined> {
  const text = await readFile(pinFile(store, set), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return pinnedSchema.parse(JSON.parse(text));
  } catch {
    // A damaged file counts as missing, so the set is resolved again.
    return undefined;
  }
}

/** Resolves the set from the existing package lists, or from new ones with `refresh`. */
export async function pin(store: string, set: PackageSet, refresh: boolean): Promise<PinnedSet> {
  const apt = await openPrivateApt(join(store, ".apt"), set.suite, refresh);
  const found: PinnedSet = { closures: [], single: await singles(apt, set.single) };
  for (const { packages, without } of set.closures) {
    const versions = await apt.closure(packages, without);
    found.closures.push(versions.toSorted((a, b) => (a.name < b.name ? -1 : 1)));
  }
  await mkdir(join(store, "pins"), { recursive: true });
  await putFile(pinFile(store, set), `${JSON.stringify(found, null, 1)}\n`);
  return found;
}

async function singles(apt: PrivateApt, asked: string[]): Promise<Record<string, PackageVersion>> {
  const targets = await Promise.all(asked.map((name) => concreteName(apt, name)));
  const versions = new Map((await apt.newest([...new Set(targets)])).map((version) => [version.name, version]));
  return Object.fromEntries(asked.map((name, index) => [name, versions.get(targets[index]!)!]));
}

async function concreteName(apt: PrivateApt, name: string): Promise<string> {
  return name.endsWith("/meta") ? apt.metaTarget(name.slice(0, -"/meta".length)) : name;
}

function pinFile(store: string, set: PackageSet): string {
  const key = createHash("sha256").update(JSON.stringify(set)).digest("hex").slice(0, 32);
  return join(store, "pins", `${key}.json`);
}
