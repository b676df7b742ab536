/**
 * Finds the code of a file's functions on the disk, and groups the functions that are bundled together. Code that is in no folder, or in folders that cannot be one
 * app's as they are, gets a folder that is removed afterwards.
 */
import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import type { NamedRuntime } from "../../base/kind/machine-kind.ts";
import { withDraftFolder } from "../../images/draft-folder.ts";
import { nameSchema } from "../../store/catalog/manifest.ts";
import { BadToolFile } from "../document/bad-tool-file.ts";
import type { PassedOver, ToolFunction } from "../translation.ts";
import { confined } from "./confined.ts";
import type { FoundCode } from "./found-code.ts";
import { locateHandler } from "./locate.ts";
import { matching } from "./patterns.ts";
import { unitePython } from "./unite-python.ts";
import { unpack } from "./unpack.ts";

/** Functions of one runtime whose code is in one folder. */
export interface GroupedCode {
  runtime: NamedRuntime;
  /** The folder's real path. */
  root: string;
  /** Their names. */
  functions: string[];
  /** Globs below the folder of files that travel. */
  files: string[];
}

export interface LocatedCode {
  groups: GroupedCode[];
  /** By the function's name: where its code is below its group's folder, and what it exports. */
  entries: Map<string, { entry: string; handler: string | undefined }>;
  passedOver: PassedOver[];
}

/** @param folder the real path of the folder of the tool's file. @param use gets what was found. Throws BadToolFile */
export async function withCode<T>(
  functions: ToolFunction[],
  folder: string,
  cacheDir: string,
  use: (located: LocatedCode) => Promise<T>,
): Promise<T> {
  // Names become parts of paths.
  for (const { name, at } of functions) {
    const { error } = nameSchema.safeParse(name);
    if (error !== undefined)
      throw new BadToolFile(at, `its name is ${JSON.stringify(name.slice(0, 100))}, and ${error.issues[0]!.message}`);
  }
  const parent = join(cacheDir, "other-tools");
  await mkdir(parent, { recursive: true });
  return withDraftFolder(parent, async (given) => {
    const draft = realpathSync(given);
    const found: FoundCode[] = [];
    for (const each of functions) found.push(await find(each, folder, draft));
    const located: LocatedCode = { groups: [], entries: new Map(), passedOver: [] };
    for (const [runtime, all] of Map.groupBy(found, ({ of }) => of.runtime)) group(runtime, all, { folder, draft, located });
    return use(located);
  });
}

/** Finds a function's code; what stands in the file itself is written to a folder first. */
async function find(of: ToolFunction, folder: string, draft: string): Promise<FoundCode> {
  const { code, runtime, handler: given } = of;
  if (code.kind === "inline") return { ...written(of, code.text, draft), patterns: [] };
  const place = confined(folder, code.path, code.at);
  if (place === undefined) throw new BadToolFile(code.at, `there is no ${JSON.stringify(code.path)}: build the function first`);
  if (code.kind === "archive") return isJar(of, place) ? jar(of, folder, place) : unpacked(of, place, draft);
  const located = locateHandler(runtime, place, { given, at: of.at, entry: code.entry, within: folder });
  return { of, folder: place, ...located, patterns: code.patterns };
}

/** A jar is run as it is; any other archive is the package of a function. */
function isJar({ runtime }: ToolFunction, path: string): boolean {
  return runtime === "java" && path.endsWith(".jar");
}

function jar(of: ToolFunction, folder: string, place: string): FoundCode {
  if (of.handler === undefined)
    throw new BadToolFile(of.at, "its handler is missing: in Java it is a class, such as shop.Order::handleRequest");
  return { of, folder, entry: relative(folder, place), handler: of.handler, patterns: [] };
}

async function unpacked(of: ToolFunction, archive: string, draft: string): Promise<FoundCode> {
  const folder = join(draft, "unpacked", of.name);
  mkdirSync(folder, { recursive: true });
  await unpack(archive, folder, of.code.at);
  return { of, folder, ...locateHandler(of.runtime, folder, { given: of.handler, at: of.at, within: folder }), patterns: null };
}

const inlineFiles: Partial<Record<NamedRuntime, string>> = { node: "index.js", python: "index.py" };

function written(of: ToolFunction, text: string, draft: string): Omit<FoundCode, "patterns"> {
  const file = inlineFiles[of.runtime];
  if (file === undefined) throw new BadToolFile(of.code.at, `code of the runtime ${of.givenRuntime} cannot stand in the file itself`);
  const folder = join(draft, "inline", of.name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, file), text);
  return { of, folder, ...locateHandler(of.runtime, folder, { given: of.handler, at: of.at, within: folder }) };
}

interface Places {
  folder: string;
  draft: string;
  located: LocatedCode;
}

/** Node and Java are bundled from wherever they are; Python and programs see the folder that they are in. */
function group(runtime: NamedRuntime, all: FoundCode[], places: Places): void {
  if (runtime === "node" || runtime === "java") return groupAcrossFolders(runtime, all, places);
  const folders = new Set(all.map(({ folder }) => folder));
  if (folders.size === 1) return add(places.located, { runtime, root: all[0]!.folder, found: all });
  if (runtime !== "python") return groupAcrossFolders(runtime, all, places);
  const united = unitePython(all, places.folder, join(places.draft, "python"));
  add(places.located, { runtime, root: united.root, found: united.found });
}

function groupAcrossFolders(runtime: NamedRuntime, all: FoundCode[], { folder, located }: Places): void {
  for (const [isInside, found] of Map.groupBy(all, (each) => isIn(each.folder, folder))) {
    if (isInside) add(located, { runtime, root: folder, found });
    else for (const each of found) add(located, { runtime, root: each.folder, found: [each] });
  }
}

function add(located: LocatedCode, { runtime, root, found }: { runtime: NamedRuntime; root: string; found: FoundCode[] }): void {
  for (const { of, folder, entry, handler } of found) located.entries.set(of.name, { entry: below(root, join(folder, entry)), handler });
  const files = new Set<string>();
  for (const { of, folder, patterns } of found) {
    const prefix = below(root, folder);
    const wanted = patterns ?? (runtime === "node" || runtime === "java" ? [] : ["**"]);
    const { globs, passedOver } = matching(folder, wanted, of.code.at);
    for (const glob of globs) files.add(prefix === "." ? glob : `${prefix}/${glob}`);
    located.passedOver.push(...passedOver);
  }
  located.groups.push({ runtime, root, functions: found.map(({ of }) => of.name), files: [...files] });
}

function below(root: string, path: string): string {
  return relative(root, path).split(sep).join("/") || ".";
}

function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}${sep}`);
}
