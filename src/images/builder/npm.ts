/**
 * Installs a module's npm packages without running any of their install scripts. The versions of their dependencies are resolved once and
 * kept in `<cacheDir>/packages/npm/<key>.json`, a package-lock; a refresh resolves them again.
 *
 * npm unpacks packages that anyone may publish, so it runs confined, and its result is copied out file by file.
 */
import { existsSync } from "node:fs";
import { constants } from "node:fs";
import { mkdir, open, readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Uids } from "../../base/uids/uids.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { putFile } from "../put-file.ts";
import { settleModes } from "../settle-modes.ts";
import { copyForeign } from "./copy-foreign.ts";
import { keyOf } from "./step-cache.ts";
import { type Confined, withConfined } from "./unprivileged.ts";

export type Dependencies = Record<string, string>;

export interface NpmPackage {
  name: string;
  version: string;
  /** npm's format: the algorithm and the digest. */
  integrity: string;
}

/** The text is shown on terminals, and a package from outside a registry may put anything into its version. */
const shownText = z.string().regex(/^[ -~]*$/);
const lockSchema = z.object({
  packages: z.record(
    shownText,
    z.object({ version: shownText.default(""), integrity: shownText.default(""), resolved: z.string().default("") }),
  ),
});
const MOST_LOCK_BYTES = 64 << 20;

const quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
/**
 * A package may depend on a git repository. npm then runs npm in that repository's folder, where a .npmrc may name any program as git, so
 * code runs even though scripts are ignored. npm before 11.10 does not know the first option, but fails because of the second.
 */
const withoutGit = ["--allow-git=none", "--git=/bin/false"];

export interface NpmPlace {
  cacheDir: string;
  /** Hands out the user id that npm runs under. */
  uids: Uids;
}

/** Returns the package-lock for these dependencies as text. */
export async function npmLock({ cacheDir, uids }: NpmPlace, dependencies: Dependencies, refresh: boolean): Promise<string> {
  const folder = join(cacheDir, "packages/npm");
  const file = join(folder, `${keyOf(dependencies)}.json`);
  if (existsSync(file) && !refresh) return readFile(file, "utf8");
  await mkdir(folder, { recursive: true });
  return withNpm(uids, async (npm) => {
    await npm.write("package.json", manifest(dependencies));
    await npm.run(["install", "--package-lock-only", ...quiet, ...withoutGit]);
    const lock = await npm.read("package-lock.json");
    refuseOtherSources(lock);
    await putFile(file, lock);
    return lock;
  });
}

/** Sorted by name, then by version. Throws "image-build-failed" if the text is not a package-lock. */
export function npmPackages(lock: string): NpmPackage[] {
  const entries = Object.entries(parsed(lock).packages).filter(([path]) => path !== "");
  return entries.map(([path, { version, integrity }]) => {
    return { name: path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length), version, integrity };
  });
}

/**
 * Allows only archives from a registry or another server; refuses git repositories and folders of this host. Throws "image-build-failed".
 */
function refuseOtherSources(lock: string): void {
  for (const [path, { resolved }] of Object.entries(parsed(lock).packages)) {
    if (resolved === "" || /^https?:/.test(resolved)) continue;
    throw new MayflyError("image-build-failed", {
      what: `the npm package ${JSON.stringify(path)} comes from ${JSON.stringify(resolved)}, and none is taken from git or a folder`,
    });
  }
}

function parsed(lock: string): z.output<typeof lockSchema> {
  try {
    return lockSchema.parse(JSON.parse(lock));
  } catch (error) {
    throw new MayflyError(
      "image-build-failed",
      { what: "npm made a package-lock.json that is none, or has control characters in it" },
      error,
    );
  }
}

/** Creates `<into>/node_modules`. */
export async function installNpm(uids: Uids, dependencies: Dependencies, lock: string, into: string): Promise<void> {
  refuseOtherSources(lock);
  await withNpm(uids, async (npm) => {
    await npm.write("package.json", manifest(dependencies));
    await npm.write("package-lock.json", lock);
    await npm.run(["ci", "--omit=dev", ...quiet, ...withoutGit]);
    await mkdir(into, { recursive: true });
    await copyForeign(join(npm.folder, "node_modules"), join(into, "node_modules"), npm.uid);
    await replaceLock(join(into, "node_modules/.package-lock.json"), lock);
  });
  await settleModes(join(into, "node_modules"));
}

/** npm's own may be a link, which a package of this name has: written through it, the text would go to a file of the host. */
async function replaceLock(file: string, lock: string): Promise<void> {
  await rm(file, { recursive: true, force: true });
  await writeFile(file, lock, { flag: "wx" });
}

interface Npm extends Pick<Confined, "folder" | "uid"> {
  write(name: string, text: string): Promise<void>;
  read(name: string): Promise<string>;
  run(args: string[]): Promise<void>;
}

async function withNpm<T>(uids: Uids, work: (npm: Npm) => Promise<T>): Promise<T> {
  return withConfined(uids, async ({ folder, uid, run }) => {
    const env = { ...(await environment(folder)), NODE_OPTIONS: await forOurNode(folder) };
    await run("npm", ["--version"], env).catch(unusable);
    return work({
      folder,
      uid,
      write: (name, text) => writeFile(join(folder, name), text, { mode: 0o644 }),
      read: (name) => readPlain(join(folder, name)),
      run: async (args) => void (await run("npm", args, env)),
    });
  });
}

function unusable(error: Error): never {
  const cure = "Install it where every user may run it: apt-get install --no-install-recommends npm";
  throw new MayflyError("missing-part", { part: "npm", reason: `it does not run as a user without rights: ${error.message}`, cure }, error);
}

/** What npm needs from the host's environment: proxies, certificates, npm's own settings, and the files to which these refer. */
async function environment(folder: string): Promise<Record<string, string>> {
  const { npm_config_userconfig: other, NPM_CONFIG_USERCONFIG: otherCapital, PATH = "" } = process.env;
  const settings = await readFile(other ?? otherCapital ?? join(homedir(), ".npmrc"), "utf8").catch(() => "");
  const named = new Set([...settings.matchAll(/\$\{(\w+)\??\}/g)].map(([, name]) => name));
  const wanted = ([name]: [string, string | undefined]) =>
    named.has(name) || /^(npm_config_|https?_proxy$|no_proxy$|node_extra_ca_certs$|ssl_cert_)/i.test(name);
  await writeFile(join(folder, ".npmrc"), settings, { mode: 0o644 });
  const own = { PATH: `${PATH}:/usr/bin:/bin`, LC_ALL: "C", HOME: folder, TMPDIR: folder };
  const ours = Object.entries(process.env).filter(wanted) as [string, string][];
  const kept = ours.filter(([name]) => !/^npm_config_(userconfig|cache|prefix)$/i.test(name));
  return { ...Object.fromEntries(kept), ...own, npm_config_cache: join(folder, ".npm"), npm_config_userconfig: join(folder, ".npmrc") };
}

/**
 * Node options that make npm, which runs on the system's Node, report the version of the Node in images. Otherwise npm silently skips
 * optional packages whose `engines` don't match the Node on which it runs.
 */
async function forOurNode(folder: string): Promise<string> {
  const file = join(folder, "for-our-node.cjs");
  await writeFile(file, `Object.defineProperty(process, "version", { value: ${JSON.stringify(process.version)} });\n`, { mode: 0o644 });
  return `--require ${JSON.stringify(file)}`;
}

/** Refuses links: another user wrote this folder, and a link could lead to a file of the host. */
async function readPlain(path: string): Promise<string> {
  await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const stats = await file.stat();
  if (!stats.isFile() || stats.size > MOST_LOCK_BYTES)
    throw new MayflyError("image-build-failed", { what: `npm made a ${path} that is none` });
  return file.readFile("utf8");
}

function manifest(dependencies: Dependencies): string {
  return `${JSON.stringify({ name: "module", version: "0.0.0", private: true, dependencies }, null, 2)}\n`;
}
