/**
 * Installs the packages that an app requires, for the machines' Python and platform. Only wheels are taken: nothing of a package runs at a deploy, and
 * machines have no compiler either.
 */
import { existsSync, globSync, lstatSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, sep } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import { watchSize } from "../../images/builder/watch-size.ts";
import { withDraftFolder } from "../../images/draft-folder.ts";
import { MOST_FILES } from "../../store/catalog/app-files.ts";
import type { Surroundings } from "../app-folder.ts";
import type { TravellingFile } from "../files/travelling-file.ts";
import { compileModules, isBytecode } from "./bytecode.ts";
import type { GuestPython } from "./guest-python.ts";

/** The folder below the task root, which the agent looks into when code imports a module. */
const FOLDER = "site-packages";

/** In bytes. An app's files have a limit of their own; this one ends a package that would fill the disk before that is known. */
const MOST_BYTES = 8 * 2 ** 30;

/**
 * @param root the app's folder
 * @param others how many files travel beside the packages
 * @param use gets the packages' files, which are on this host until it has ended. Rejects with "packages-not-installed".
 */
export async function withRequirements<T>(
  python: GuestPython,
  root: string,
  { cacheDir, progress }: Surroundings,
  others: number,
  use: (files: TravellingFile[]) => Promise<T>,
): Promise<T> {
  const wanted = await requirementsOf(python, root);
  if (wanted === undefined) return use([]);
  progress(`installing the packages of ${wanted.from}`);
  const parent = join(cacheDir, "pip");
  await mkdir(parent, { recursive: true });
  return withDraftFolder(parent, async (target) => {
    const tooLarge = new AbortController();
    const watch = watchSize(target, MOST_BYTES, () => tooLarge.abort());
    const options = { cwd: root, env: pipEnvironment(target), signal: tooLarge.signal };
    const { code, stderr } = await python
      .run([join(python.pip, "pip"), ...pipWords(target, cacheDir), ...wanted.words], options)
      .finally(() => watch.stop());
    if (watch.isOver()) throw notInstalled(wanted.from, `they have over ${MOST_BYTES / 2 ** 30} GiB`);
    if (code !== 0) throw notInstalled(wanted.from, failure(stderr));
    const installed = filesIn(target);
    const modules = installed.filter(({ path }) => path.endsWith(".py")).length;
    if (others + installed.length + modules > MOST_FILES) return use(installed);
    await compileModules(python, join(target, FOLDER), FOLDER);
    return use(filesIn(target));
  });
}

/** pip unpacks packages beside its temporary files, which are removed with the folder even if pip is killed. */
function pipEnvironment(target: string): Record<string, string> {
  return { PIP_DISABLE_PIP_VERSION_CHECK: "1", PIP_ROOT_USER_ACTION: "ignore", PIP_NO_INPUT: "1", TMPDIR: target };
}

function notInstalled(file: string, what: string): MayflyError {
  return new MayflyError("packages-not-installed", { file, what });
}

function pipWords(target: string, cacheDir: string): string[] {
  return [
    "install",
    "--quiet",
    "--no-compile",
    "--only-binary",
    ":all:",
    "--target",
    join(target, FOLDER),
    "--cache-dir",
    join(cacheDir, "pip/http"),
  ];
}

/** pip's own words for what to install; undefined if the app requires nothing. */
async function requirementsOf(python: GuestPython, root: string): Promise<{ from: string; words: string[] } | undefined> {
  if (existsSync(join(root, "requirements.txt"))) return { from: "requirements.txt", words: ["--requirement", "requirements.txt"] };
  if (!existsSync(join(root, "pyproject.toml"))) return undefined;
  const { code, stdout, stderr } = await python.run(["-c", readProject], { cwd: root });
  if (code !== 0) throw notInstalled("pyproject.toml", stderr.trim().split("\n").at(-1)!);
  const words = JSON.parse(stdout) as string[];
  return words.length === 0 ? undefined : { from: "pyproject.toml", words };
}

const readProject = `
import json, sys, tomllib
with open("pyproject.toml", "rb") as file:
    try:
        found = tomllib.load(file).get("project", {}).get("dependencies", [])
    except ValueError as error:
        sys.exit(f"it is not TOML: {error}")
if not isinstance(found, list) or not all(isinstance(one, str) and not one.startswith("-") for one in found):
    sys.exit("project.dependencies is not a list of packages")
json.dump(found, sys.stdout)
`;

/** The last ones are the newest. */
const SHOWN_VERSIONS = 5;

/** What pip printed, as a clause. */
function failure(stderr: string): string {
  const missing = /^ERROR: No matching distribution found for (.*?)(?: \(from .*)?$/m.exec(stderr)?.[1];
  if (missing === undefined) return others(stderr);
  const versions = /\(from versions: (.*?)\)/.exec(stderr)?.[1]?.split(", ") ?? [];
  // The innermost reason stands last: 'NewConnectionError('<…>: Failed to establish a new connection: [Errno 111] Connection refused')'.
  const broken = /after connection broken by (.*): \S+$/m
    .exec(stderr)?.[1]
    ?.replace(/['")]+$/, "")
    .split(": ")
    .at(-1);
  if (broken !== undefined && (versions.length === 0 || versions[0] === "none"))
    return `the index of packages cannot be reached for ${missing}: ${broken}; another one can be named by PIP_INDEX_URL, and wheels can lie in a folder that requirements.txt names by --find-links`;
  const found = versions.length === 0 || versions[0] === "none" ? "" : `; found were ${versions.slice(-SHOWN_VERSIONS).join(", ")}`;
  return `there is no wheel of ${missing} for the Python 3.11 of machines (Linux, x86-64)${found}: what has to be compiled cannot be installed, and a name or version may be wrong; wheels of your own can lie in a folder that requirements.txt names by --find-links`;
}

function others(stderr: string): string {
  const lines = stderr.split("\n").filter((line) => line.startsWith("ERROR: "));
  return lines.map((line) => line.slice("ERROR: ".length)).join("; ") || stderr.trim().split("\n").slice(-3).join(" | ");
}

/** Scripts for a shell have the path of this host's Python in them, and nothing imports them. */
function filesIn(target: string): TravellingFile[] {
  const installed = join(target, FOLDER);
  const isWanted = (path: string) => !path.startsWith(`bin${sep}`) && (!path.includes("__pycache__") || isBytecode(path));
  return globSync("**", { cwd: installed })
    .filter((path) => isWanted(path) && lstatSync(join(installed, path)).isFile())
    .map((path) => ({ path: `${FOLDER}/${path.split(sep).join("/")}`, from: join(installed, path), passing: true }));
}
