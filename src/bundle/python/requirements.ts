/**
 * Installs the packages that an app requires, for the machines' Python and platform. Only wheels are taken: nothing of a package runs at a deploy, and
 * machines have no compiler either.
 */
import { existsSync, globSync, statSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import type { Surroundings } from "../app-folder.ts";
import type { TravellingFile } from "../files/travelling-file.ts";
import type { GuestPython } from "./guest-python.ts";

/** The folder below the task root, which the agent looks into when code imports a module. */
const FOLDER = "site-packages";

export interface Required {
  files: TravellingFile[];
  /** Removes the packages from this host. */
  discard: () => Promise<void>;
}

/** @param root the app's folder. Rejects with "build-failed". */
export async function installRequirements(python: GuestPython, root: string, { cacheDir, progress }: Surroundings): Promise<Required> {
  const wanted = await requirementsOf(python, root);
  const target = join(cacheDir, "pip", `installing-${process.pid}-${Date.now()}`);
  const discard = () => rm(target, { recursive: true, force: true });
  if (wanted === undefined) return { files: [], discard };
  progress(`installing the packages of ${wanted.from}`);
  await mkdir(target, { recursive: true });
  const { code, stderr } = await python.run([join(python.pip, "pip"), ...pipWords(target, cacheDir), ...wanted.words], {
    cwd: root,
    env: { PIP_DISABLE_PIP_VERSION_CHECK: "1", PIP_ROOT_USER_ACTION: "ignore", PIP_NO_INPUT: "1" },
  });
  if (code !== 0) {
    await discard();
    throw new MayflyError("build-failed", { function: wanted.from, what: failure(stderr) });
  }
  return { files: filesIn(target), discard };
}

function pipWords(target: string, cacheDir: string): string[] {
  return ["install", "--quiet", "--no-compile", "--only-binary", ":all:", "--target", target, "--cache-dir", join(cacheDir, "pip/http")];
}

/** pip's own words for what to install; undefined if the app requires nothing. */
async function requirementsOf(python: GuestPython, root: string): Promise<{ from: string; words: string[] } | undefined> {
  if (existsSync(join(root, "requirements.txt"))) return { from: "requirements.txt", words: ["--requirement", "requirements.txt"] };
  if (!existsSync(join(root, "pyproject.toml"))) return undefined;
  const { code, stdout, stderr } = await python.run(["-c", readProject], { cwd: root });
  if (code !== 0) throw new MayflyError("build-failed", { function: "pyproject.toml", what: stderr.trim().split("\n").at(-1)! });
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

function failure(stderr: string): string {
  const lines = stderr.split("\n").filter((line) => line.startsWith("ERROR: "));
  const missing = /^ERROR: No matching distribution found for (.*?)(?: \(from .*)?$/m.exec(stderr)?.[1];
  if (missing !== undefined)
    return `there is no wheel of ${missing} for the Python 3.11 of machines (Linux, x86-64): what has to be compiled cannot be installed, and a name or version may be wrong; wheels of your own can lie in a folder that requirements.txt names by --find-links`;
  return lines.map((line) => line.slice("ERROR: ".length)).join("; ") || stderr.trim().split("\n").slice(-3).join(" | ");
}

/** Scripts for a shell have the path of this host's Python in them, and nothing imports them. */
function filesIn(target: string): TravellingFile[] {
  const isWanted = (path: string) => !path.startsWith(`bin${sep}`) && !path.includes("__pycache__");
  return globSync("**", { cwd: target })
    .filter((path) => isWanted(path) && statSync(join(target, path)).isFile())
    .map((path) => ({ path: `${FOLDER}/${relative(target, join(target, path)).split(sep).join("/")}`, from: join(target, path) }));
}
