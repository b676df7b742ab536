/**
 * An apt of Mayfly's own beside the host's: its sources, lists and cache lie in one folder, it installs nothing, and it needs no root. apt
 * verifies downloads as usual, against Debian's archive keys.
 */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { MayflyError } from "../../base/errors/error.ts";
import { putFile } from "../put-file.ts";
import { runProgram } from "../run-program.ts";
import { hostMirror, type Mirror, publicMirror } from "./mirror.ts";

export type Suite = "bookworm" | "trixie";

/** One version of a package, as the suite's package lists name it. */
export interface PackageVersion {
  name: string;
  version: string;
  /** The hash of the .deb, in hex. */
  sha256: string;
}

export interface PrivateApt {
  /** The packages with all their dependencies, chosen by Debian's own resolver. `without`: packages that count as already installed. */
  closure(names: string[], without: string[]): Promise<PackageVersion[]>;
  /** The newest version of each package, without dependencies. */
  newest(names: string[]): Promise<PackageVersion[]>;
  /** Downloads the .deb files into the folder. */
  download(packages: PackageVersion[], into: string): Promise<void>;
  /** The one package on which a metapackage depends. */
  metaTarget(name: string): Promise<string>;
}

const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** Opens the apt kept in `dir` with the package lists of its last use. Downloads new lists if there are none, or with `refresh`. */
export async function openPrivateApt(dir: string, suite: Suite, refresh: boolean): Promise<PrivateApt> {
  if (!existsSync(keyring)) throw noKeyring();
  const config = await writeConfig(dir);
  if (refresh || !(await hasLists(dir))) await updateLists(dir, config, suite);
  const uris = async (args: string[]) => {
    const all = ["-c", config, "-o", "Acquire::ForceHash=SHA256", "-qq", "--print-uris", ...args];
    return parseUris(await runProgram("apt-get", all, { name: `finding packages of Debian ${suite}` }));
  };
  return {
    async closure(names, without) {
      if (names.length === 0) return [];
      const status = await statusFile(dir, without);
      // apt's binary cache is only valid for one status file.
      const own = ["-o", `Dir::State::status=${status}`, "-o", `Dir::Cache::pkgcache=${basename(status)}.bin`];
      return uris([...own, "--no-install-recommends", "install", ...names]);
    },
    newest: async (names) => (names.length === 0 ? [] : uris(["download", ...names])),
    async download(packages, into) {
      const versions = packages.map(({ name, version }) => `${name}=${version}`);
      await runProgram("apt-get", ["-c", config, "-qq", "download", ...versions], { cwd: into, name: `downloading from Debian ${suite}` });
    },
    async metaTarget(name) {
      return firstDependency(name, await runProgram("apt-cache", ["-c", config, "depends", "--important", name]));
    },
  };
}

async function hasLists(dir: string): Promise<boolean> {
  return (await readdir(join(dir, "lists"))).some((name) => name.endsWith("_Packages") || name.includes("_Packages."));
}

async function writeConfig(dir: string): Promise<string> {
  for (const name of ["lists/partial", "cache/archives/partial", "state"]) await mkdir(join(dir, name), { recursive: true });
  await writeWhereNew(join(dir, "state/status"), "");
  const config = join(dir, "apt.conf");
  await writeWhereNew(config, configText(dir));
  return config;
}

function configText(dir: string): string {
  return `Dir::State "${dir}/state";
Dir::State::status "${dir}/state/status";
Dir::State::lists "${dir}/lists";
Dir::Cache "${dir}/cache";
Dir::Etc::sourcelist "${dir}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Log "${dir}/log";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
Acquire::Languages "none";
Acquire::Retries "3";
// The host's hooks are about the host's own packages.
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
`;
}

/** A dpkg status in which these packages are installed, in a version that satisfies every dependency. */
async function statusFile(dir: string, names: string[]): Promise<string> {
  const path = join(dir, "state", names.length === 0 ? "status" : `status.without.${names.toSorted().join(".")}`);
  const entries = names.map(
    (name) => `Package: ${name}\nStatus: install ok installed\nVersion: 999:0\nArchitecture: amd64\nMulti-Arch: foreign\n`,
  );
  await writeWhereNew(path, entries.join("\n"));
  return path;
}

/** Leaves an unchanged file alone: if it were newer than apt's binary cache, apt would rebuild the cache, which takes a second. */
async function writeWhereNew(path: string, text: string): Promise<void> {
  if (existsSync(path) && (await readFile(path, "utf8")) === text) return;
  await putFile(path, text);
}

/** Uses the host's mirror, or the public one if the host's has no such suite. */
async function updateLists(dir: string, config: string, suite: Suite): Promise<void> {
  const mirror = await hostMirror();
  try {
    await updateFrom(mirror, dir, config, suite);
  } catch (error) {
    if (mirror.main === publicMirror.main && mirror.security === publicMirror.security) throw error;
    await updateFrom(publicMirror, dir, config, suite);
  }
}

async function updateFrom(mirror: Mirror, dir: string, config: string, suite: Suite): Promise<void> {
  await writeFile(join(dir, "sources.list"), sourcesText(mirror, suite));
  // Two processes may update at once. apt's own lock on the lists does not wait, so this lock does.
  const args = ["-w", "600", join(dir, "lock"), "apt-get", "-c", config, "-qq", "--error-on=any", "update"];
  await runProgram("flock", args, { name: `apt-get update (Debian ${suite})` });
}

function sourcesText(mirror: Mirror, suite: Suite): string {
  const option = `[signed-by=${keyring} arch=amd64]`;
  return `deb ${option} ${mirror.main} ${suite} main
deb ${option} ${mirror.main} ${suite}-updates main
deb ${option} ${mirror.security} ${suite}-security main
`;
}

/** Debian policy, 5.6.1 and 5.6.12. Both texts become names of folders, so no other characters are allowed. */
export const debianName = z.string().regex(/^[a-z0-9][a-z0-9.+-]*$/);
export const debianVersion = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.+:~-]*$/);

/**
 * Parses lines of `'URI' name_version_arch.deb size SHA256:hex`, where a version's ":" is written %3a. Throws "image-build-failed" for
 * invalid names.
 */
export function parseUris(output: string): PackageVersion[] {
  return [...output.matchAll(/^'[^']*' ([^_ ]+)_([^_ ]+)_\w+\.deb \d+ SHA256:([0-9a-f]{64})$/gm)].map(([, name, written, sha256]) => {
    const version = written!.replaceAll("%3a", ":");
    if (debianName.safeParse(name).success && debianVersion.safeParse(version).success) return { name: name!, version, sha256: sha256! };
    const what = `apt names a package ${JSON.stringify(name)} of the version ${JSON.stringify(version)}, which Debian has not`;
    throw new MayflyError("image-build-failed", { what });
  });
}

function firstDependency(name: string, output: string): string {
  const target = /^ +Depends: (\S+)$/m.exec(output)?.[1];
  if (target === undefined) throw new MayflyError("image-build-failed", { what: `Debian's package ${name} depends on nothing` });
  return target;
}

function noKeyring(): MayflyError {
  const cure = "Install it as root: apt-get install --no-install-recommends debian-archive-keyring";
  return new MayflyError("missing-part", { part: "debian-archive-keyring", reason: `there is no ${keyring}`, cure });
}
