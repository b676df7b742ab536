/**
 * Installs the packages that an app requires, for the machines' Python and platform. Only wheels are taken: machines have no compiler.
 */
import { existsSync, readdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import { watchSize } from "../../images/builder/watch-size.ts";
import { withDraftFolder } from "../../images/draft-folder.ts";
import { MOST_FILES } from "../../store/catalog/app-files.ts";
import type { Surroundings } from "../app-folder.ts";
import type { TravellingFile } from "../files/travelling-file.ts";
import { compileModules, isBytecode } from "./bytecode.ts";
import type { GuestPython } from "./guest-python.ts";
import { pipInstall } from "./pip.ts";
import { keyOfFile, keyOfWords } from "./requirements-key.ts";

/** The folder below the task root, which the agent looks into when code imports a module. */
const FOLDER = "site-packages";

/** In bytes. An app's files have a limit of their own; this one ends a package that would fill the disk before that is known. */
const MOST_BYTES = 8 * 2 ** 30;

/**
 * @param root the app's folder
 * @param others how many files travel beside the packages
 * @param use gets the packages' files, which are on this host until it has ended, and sentences on what may not fit. Rejects with "packages-not-installed".
 */
export async function withRequirements<T>(
  python: GuestPython,
  root: string,
  { cacheDir, progress, packages }: Surroundings,
  others: number,
  use: (files: TravellingFile[], warnings: string[]) => Promise<T>,
): Promise<T> {
  const wanted = await requirementsOf(python, root);
  if (wanted.words.length === 0) return use([], wanted.warnings);
  const parent = join(cacheDir, "pip");
  await mkdir(parent, { recursive: true });
  const useFrom = async (folder: string, passing: boolean) => use(filesIn(join(folder, FOLDER), passing), wanted.warnings);
  const install = async (folder: string) => {
    progress(`installing the packages of ${wanted.from}`);
    await installInto(folder, { python, root, parent, others, wanted });
  };
  const key = packages === undefined ? undefined : keyOf(root, wanted);
  if (packages !== undefined && key !== undefined) return useFrom(await packages.installed(key, parent, install), false);
  return withDraftFolder(parent, async (folder) => {
    await install(folder);
    return useFrom(folder, true);
  });
}

interface Installation {
  python: GuestPython;
  root: string;
  parent: string;
  others: number;
  wanted: Wanted;
}

async function installInto(folder: string, { python, root, parent, others, wanted }: Installation): Promise<void> {
  const target = join(folder, FOLDER);
  const tooLarge = new AbortController();
  const watch = watchSize(folder, MOST_BYTES, () => tooLarge.abort());
  const given = { root, folder, target, cache: join(parent, "http"), words: wanted.words, signal: tooLarge.signal };
  const failed = await pipInstall(python, given).finally(() => watch.stop());
  if (watch.isOver()) throw notInstalled(wanted.from, `they have over ${MOST_BYTES / 2 ** 30} GiB`);
  if (failed !== undefined) throw notInstalled(wanted.from, failed);
  const installed = filesIn(target, true);
  const modules = installed.filter(({ path }) => path.endsWith(".py")).length;
  if (others + installed.length + modules > MOST_FILES) return;
  await compileModules(python, target, FOLDER);
}

function keyOf(root: string, { from, words }: Wanted): string | undefined {
  return words.includes("--requirement") ? keyOfFile(join(root, from), root) : keyOfWords(words, root);
}

function notInstalled(file: string, what: string): MayflyError {
  return new MayflyError("packages-not-installed", { file, what });
}

interface Wanted {
  from: string;
  /** pip's own for what to install; none if the app requires nothing. */
  words: string[];
  warnings: string[];
}

async function requirementsOf(python: GuestPython, root: string): Promise<Wanted> {
  if (existsSync(join(root, "requirements.txt")))
    return { from: "requirements.txt", words: ["--requirement", "requirements.txt"], warnings: [] };
  const from = "pyproject.toml";
  if (!existsSync(join(root, from))) return { from, words: [], warnings: [] };
  const { code, stdout, stderr } = await python.look(readProject, [python.pip], { cwd: root });
  if (code !== 0) throw notInstalled(from, stderr.trim().split("\n").at(-1)!);
  const { words, warnings } = JSON.parse(stdout) as Omit<Wanted, "from">;
  return { from, words, warnings };
}

/** pip has a copy of the library that knows how versions are compared. */
const readProject = `
import json, platform, sys, tomllib
with open("pyproject.toml", "rb") as file:
    try:
        project = tomllib.load(file).get("project", {})
    except ValueError as error:
        sys.exit(f"it is not TOML: {error}")
if "dependencies" in project.get("dynamic", []):
    sys.exit("project.dynamic says that the dependencies are found by the project's build, and nothing of a package runs at a deploy: write them into project.dependencies, or into a requirements.txt")
found = project.get("dependencies", [])
if not isinstance(found, list) or not all(isinstance(one, str) and not one.startswith("-") for one in found):
    sys.exit("project.dependencies is not a list of packages")
warnings = []
asked, own = project.get("requires-python"), platform.python_version()
if isinstance(asked, str):
    sys.path.append(sys.argv[1])
    from pip._vendor.packaging.specifiers import InvalidSpecifier, SpecifierSet
    try:
        if not SpecifierSet(asked).contains(own, prereleases=True):
            warnings.append(f"requires-python of pyproject.toml is {asked}, and machines have Python {own}: what the code needs of another one is not there")
    except InvalidSpecifier:
        warnings.append(f"requires-python of pyproject.toml is {asked}, which says no versions")
json.dump({"words": found, "warnings": warnings}, sys.stdout)
`;

/** Scripts for a shell have the path of this host's Python in them, and nothing imports them. */
function filesIn(installed: string, passing: boolean): TravellingFile[] {
  const isWanted = (path: string) => !path.startsWith(`bin${sep}`) && (!path.includes("__pycache__") || isBytecode(path));
  return readdirSync(installed, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(installed, join(entry.parentPath, entry.name)))
    .filter(isWanted)
    .map((path) => {
      const file = { path: `${FOLDER}/${path.split(sep).join("/")}`, from: join(installed, path) };
      return passing ? Object.assign(file, { passing }) : file;
    });
}
