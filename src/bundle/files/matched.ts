/** Finds the files that the manifest's `files` name. */
import { globSync, lstatSync, realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, sep } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import { isEnvironment } from "../python/environment.ts";
import { statOf } from "./stat-of.ts";
import type { TravellingFile } from "./travelling-file.ts";

/** Folders of packages and of what Python has compiled: a wildcard means the app's own files. */
const foreign = new Set(["node_modules", "__pycache__"]);

/**
 * @param root the app's folder, without symbolic links in its path @param patterns of the manifest @param file the manifest, for errors @param key of the
 * manifest that has the patterns; by default they are those of `files`. Throws "bad-manifest" if a pattern leaves the folder or matches no file.
 */
export function matchedFiles(root: string, patterns: string[], file: string, key?: string): TravellingFile[] {
  const found = new Map<string, TravellingFile>();
  for (const [at, pattern] of patterns.entries()) {
    const refuse = (what: string): never => {
      throw new MayflyError("bad-manifest", { file, what: `${key ?? `files[${at}]`} is ${JSON.stringify(pattern)}, but ${what}` });
    };
    if (isAbsolute(pattern) || pattern.split(/[/\\]/).includes("..")) refuse("must be a path inside of the app's folder");
    const paths = pathsOf(root, pattern);
    const files = paths.filter((path) => isFileWithin(root, path, refuse));
    if (files.length === 0)
      refuse(
        paths.length > 0
          ? `only folders match it; for all files in one: "${paths[0]}/**"`
          : `nothing in the app's folder matches it${pattern.startsWith("!") ? ": globs say what travels, and none takes anything out" : ""}`,
      );
    for (const path of files) found.set(path, { path, from: join(root, path) });
  }
  return [...found.values()];
}

function pathsOf(root: string, pattern: string): string[] {
  const written = new Set(pattern.split("/"));
  const isHidden = (path: string) => {
    const name = basename(path);
    return (name.startsWith(".") || foreign.has(name)) && name !== "." && !written.has(name);
  };
  const isOfEnvironment = (path: string) => environmentAbove(root, path, written);
  const found = globbed(root, pattern, isHidden);
  const all = /(^|\/)\*\*$/.test(pattern) ? found.flatMap((path) => withLinked(root, path, isHidden)) : found;
  const paths = all.map((path) => relative(root, join(root, path)).split(sep).join("/"));
  const isMeant = (path: string) => path !== "" && !path.split("/").some(isHidden) && !isOfEnvironment(path);
  return paths.filter((path) => isMeant(path) && (path !== "mayfly.json" || written.has(path))).toSorted();
}

/** Whether it lies in a virtual environment of Python that the pattern does not name. */
function environmentAbove(root: string, path: string, written: ReadonlySet<string>): boolean {
  for (let folder = dirname(path); folder !== "."; folder = dirname(folder))
    if (isEnvironment(join(root, folder))) return !written.has(basename(folder));
  return false;
}

/**
 * The path and, if it is a link to a folder, all paths below it: Node's globs do not follow such links by themselves.
 *
 * @param above the folders on the way that links lead to or from
 */
function withLinked(root: string, path: string, isHidden: (path: string) => boolean, above: string[] = []): string[] {
  const place = join(root, path);
  if (!isLink(place) || statOf(place)?.isDirectory() !== true) return [path];
  const [from, to] = [realpathSync(dirname(place)), realpathSync(place)];
  const way = [...above, from];
  if (!isWithin(to, root) || way.some((folder) => isWithin(folder, to))) return [path];
  const below = globSync("**", { cwd: place, exclude: isHidden }).filter((each) => each !== ".");
  return [path, ...below.flatMap((each) => withLinked(root, join(path, each), isHidden, [...way, to]))];
}

function isFileWithin(root: string, path: string, refuse: (what: string) => never): boolean {
  const place = join(root, path);
  const stat = statOf(place);
  if (stat === undefined)
    refuse(
      isLink(place) ? `${path} is a link that leads nowhere` : `${path} cannot be read: its name is no UTF-8, or it is another user's`,
    );
  if (!isWithin(realpathSync(place), root)) refuse(`${path} is a link that leads out of the app's folder`);
  return stat.isFile();
}

export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}${sep}`);
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/** Node throws for a pattern that goes on below a file. */
function globbed(root: string, pattern: string, exclude: (path: string) => boolean): string[] {
  try {
    return globSync(pattern, { cwd: root, exclude });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOTDIR") throw error;
    return [];
  }
}
