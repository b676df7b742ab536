/**
 * An apt of our own beside the host's: own sources, lists and cache in one folder, nothing installed, no root needed.
 * What it downloads is verified by apt as usual, against Debian's archive keys.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { MayflyError } from "../../errors/error.ts";
import { runProgram } from "../run-program.ts";
import { hostMirror, type Mirror, publicMirror } from "./mirror.ts";

export type Suite = "bookworm" | "trixie";

export interface PrivateApt {
  /** Downloads the newest .deb of each name into the folder. */
  download(names: string[], into: string): Promise<void>;
  /** What a metapackage stands for: the one package that it depends on. */
  metaTarget(name: string): Promise<string>;
}

const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** Opens the apt kept in `dir`, after fetching the suite's package lists. */
export async function openPrivateApt(dir: string, suite: Suite): Promise<PrivateApt> {
  if (!existsSync(keyring)) throw noKeyring();
  const config = await writeConfig(dir);
  await updateLists(dir, config, suite);
  return {
    async download(names, into) {
      await runProgram("apt-get", ["-c", config, "-qq", "download", ...names], { cwd: into });
    },
    async metaTarget(name) {
      return firstDependency(name, await runProgram("apt-cache", ["-c", config, "depends", "--important", name]));
    },
  };
}

async function writeConfig(dir: string): Promise<string> {
  for (const name of ["lists/partial", "cache/archives/partial", "state"]) await mkdir(join(dir, name), { recursive: true });
  await writeFile(join(dir, "state/status"), "");
  const config = join(dir, "apt.conf");
  await writeFile(config, configText(dir));
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
// The host's hooks are about the host's packages.
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
`;
}

/** From the host's mirror, or from the public one where the host's has no such suite. */
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
  // Two of us at once: apt's own lock on the lists does not wait, so ours does.
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

function firstDependency(name: string, output: string): string {
  const target = /^ +Depends: (\S+)$/m.exec(output)?.[1];
  if (target === undefined) throw new MayflyError("image-build-failed", { what: `Debian's package ${name} depends on nothing` });
  return target;
}

function noKeyring(): MayflyError {
  const cure = "Install it as root: apt-get install --no-install-recommends debian-archive-keyring";
  return new MayflyError("missing-part", { part: "debian-archive-keyring", reason: `there is no ${keyring}`, cure });
}
