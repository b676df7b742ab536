/** Makes a minimal Debian in a folder with debootstrap, from this host's mirror. It reaches package registries as this host does. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hostMirror } from "../../images/debian/mirror.ts";
import { type Groups, enterRoot, inNamespaces } from "./enter.ts";
import { copyAuthorities, copyNetworkSettings, copyNpmSettings, freshEnvironment } from "./host-settings.ts";

export const suites = ["bookworm", "trixie"] as const;
export type Suite = (typeof suites)[number];

export interface DebianOptions {
  suite: Suite;
  /** The folder to make; it must not exist. */
  root: string;
  /** Debian packages to install in addition to the minimal ones, with their dependencies. */
  packages: string[];
  groups?: Groups;
  /** Runs a command until it ends; rejects if the command fails. */
  run: (command: string[], env: Record<string, string>) => Promise<void>;
  progress: (step: string) => void;
}

/** Resolves with the environment variables that programs inside need. */
export async function makeDebian({ suite, root, packages, groups, run, progress }: DebianOptions): Promise<Record<string, string>> {
  const { main, security } = await hostMirror();
  progress(`making a minimal Debian (${suite}) with debootstrap`);
  // dpkg writes thousands of small files and would sync each to the disk; this folder may be lost, so syncing is turned off.
  mkdirSync(join(root, "etc/dpkg/dpkg.cfg.d"), { recursive: true });
  writeFileSync(join(root, "etc/dpkg/dpkg.cfg.d/fresh"), "force-unsafe-io\n");
  const options = ["--variant=minbase", "--include=ca-certificates"];
  await run(inNamespaces(["debootstrap", ...options, suite, root, main], groups), freshEnvironment(false));
  for (const name of ["sources.list", "sources.list.d/debian.sources"]) rmSync(join(root, "etc/apt", name), { force: true });
  writeFileSync(join(root, "etc/apt/sources.list"), sources(suite, main, security));
  copyNetworkSettings(root);
  const env = freshEnvironment(copyAuthorities(root));
  if (existsSync("/usr/bin/npm")) copyNpmSettings(root);
  const inside = (...command: string[]) =>
    run(enterRoot({ root, cwd: "/", groups }, command), { ...env, DEBIAN_FRONTEND: "noninteractive" });
  await inside("update-ca-certificates");
  await inside("apt-get", "update", "-q");
  if (packages.length === 0) return env;
  progress(`installing in it: ${packages.join(", ")}`);
  await inside("apt-get", "install", "-y", "-q", "--no-install-recommends", ...packages);
  return env;
}

function sources(suite: Suite, main: string, security: string): string {
  return `deb ${main} ${suite} main\ndeb ${main} ${suite}-updates main\ndeb ${security} ${suite}-security main\n`;
}
