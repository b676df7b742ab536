/**
 * Puts the folders of several Python functions together into one. At AWS Lambda each function has a folder of its own as its root; here, functions of an app share a
 * process, and with it the modules.
 *
 * 1. Each folder lies at its own path, from which its handler is loaded.
 * 2. What a folder has is at the root as well, where imports look, unless it is a handler's file. If two folders have different modules there, the functions cannot
 *    share a process, which is an error.
 * 3. What the folders' requirements.txt name is in one requirements.txt.
 */
import { copyFileSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { BadToolFile } from "../document/bad-tool-file.ts";
import type { FoundCode } from "./found-code.ts";

const REQUIREMENTS = "requirements.txt";
/** Names of modules that stay where they are: a package's own, and what packages are made by. */
const ofFolder = new Set(["__init__.py", REQUIREMENTS, "setup.py", "pyproject.toml"]);
const foreign = new Set(["__pycache__", "node_modules", "site-packages"]);
const MOST_FILES = 10_000;

/** @param base the folder of the tool's file @param target is made */
export function unitePython(all: FoundCode[], base: string, target: string): { root: string; found: FoundCode[] } {
  mkdirSync(target, { recursive: true });
  const atRoot = new Map<string, { from: string; of: string }>();
  const handlers = new Set(all.map(({ folder, entry }) => join(folder, entry)));
  const folders = new Map(all.map((each) => [each.folder, each]));
  const moved = new Map<string, string>();
  for (const [folder, each] of folders) {
    const own = placeOf(each, base);
    moved.set(folder, join(target, own));
    for (const path of filesBelow(folder)) {
      copy(join(folder, path), join(target, own, path));
      if (handlers.has(join(folder, path)) || (!path.includes("/") && ofFolder.has(path))) continue;
      place(atRoot, path, { from: join(folder, path), of: each.of.name }, each);
    }
  }
  for (const [path, { from }] of atRoot) if (!existsSync(join(target, path))) copy(from, join(target, path));
  writeRequirements([...folders.keys()], target);
  return { root: target, found: all.map((each) => ({ ...each, folder: moved.get(each.folder)! })) };
}

/** The folder's path below the others'. */
function placeOf({ of: { code, name }, folder }: FoundCode, base: string): string {
  return code.kind === "folder" ? relative(base, folder) || "main" : join(code.kind, name);
}

function place(
  atRoot: Map<string, { from: string; of: string }>,
  path: string,
  file: { from: string; of: string },
  { of }: FoundCode,
): void {
  const other = atRoot.get(path);
  if (other === undefined) return void atRoot.set(path, file);
  if (!path.endsWith(".py") || readFileSync(other.from).equals(readFileSync(file.from))) return;
  throw new BadToolFile(
    of.code.at,
    `its folder and that of ${other.of} both have a module ${path}, and these differ; Python functions of an app share a process: deploy ${of.name} as an app of its own, by --only ${of.name} and --name, and the others by --except ${of.name}`,
  );
}

/** Hidden files, packages and virtual environments are left out, and links are not followed. */
function filesBelow(folder: string): string[] {
  const found: string[] = [];
  const search = (below: string) => {
    for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.name.startsWith(".") || foreign.has(entry.name)) continue;
      if (entry.isDirectory() && !existsSync(join(folder, path, "pyvenv.cfg"))) search(path);
      else if (entry.isFile()) found.push(path);
      if (found.length > MOST_FILES) throw new BadToolFile("", `${folder} has over ${MOST_FILES} files`);
    }
  };
  search("");
  return found;
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

function writeRequirements(folders: string[], target: string): void {
  const texts = folders
    .map((folder) => join(folder, REQUIREMENTS))
    .filter((file) => lstatSync(file, { throwIfNoEntry: false })?.isFile() === true);
  const lines = new Set(
    texts.flatMap((file) =>
      readFileSync(file, "utf8")
        .split("\n")
        .map((line) => line.trimEnd()),
    ),
  );
  if (texts.length > 0) writeFileSync(join(target, REQUIREMENTS), `${[...lines].join("\n")}\n`);
}
