/** Finds places where a package reads files that lie beside its code, which are not in the machine. */
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { statOf } from "../files/stat-of.ts";
import { type Node, type SourceFile, argumentsOf, calleeOf, nameOf, propertyOf, textOf, walk } from "./parse.ts";
import { Places } from "./places.ts";

export interface Read {
  position: number;
  /** The file that is read, absolute; undefined if only running the code would tell. */
  path: string | undefined;
}

/** A file that matches none of these reads no files of its package. */
export const mayReadFiles = /\b__dirname\b|\b__filename\b|import\.meta|require\.resolve/;

/** Functions whose first argument is a file's path, whatever object they are called on: fs, fs.promises, or an import of them. */
const readers = new Set([
  "readFile",
  "readFileSync",
  "createReadStream",
  "open",
  "openSync",
  "openAsBlob",
  "readdir",
  "readdirSync",
  "opendir",
  "opendirSync",
  "sendFile",
  "fork",
  "dlopen",
]);

export function packageReads(file: SourceFile): Read[] {
  const places = new Places(file);
  const found: Read[] = [];
  walk(file.program, (node) => {
    const worker = workerFile(node, places);
    if (worker !== undefined) found.push({ position: node.start, path: worker });
    const path = pathArgument(node);
    if (path === undefined || !places.isMadeOfPlace(path)) return;
    const target = places.pathOf(path);
    if (target === undefined || isThere(target)) found.push({ position: node.start, path: target });
  });
  // A named file says more than a path that can't be followed.
  const named = found.some(({ path }) => path !== undefined) ? [] : readsBesides(file);
  return named.length > 0 ? named : found;
}

/** A pool's worker is named in one place and started in another, so that the name alone has to tell what the file is. */
function workerFile(node: Node, places: Places): string | undefined {
  if (node.type !== "CallExpression" && node.type !== "NewExpression") return undefined;
  const name = argumentsOf(node)
    .map(textOf)
    .findLast((text) => text !== undefined);
  if (name === undefined || !workerName.test(name) || !places.isMadeOfPlace(node)) return undefined;
  const path = places.pathOf(node);
  return path !== undefined && isThere(path) ? path : undefined;
}

const workerName = /worker[^/]*\.[cm]?js$/i;

/** The path argument of a call that reads a file or starts a worker. */
export function pathArgument(node: Node): Node | undefined {
  if (node.type !== "CallExpression" && node.type !== "NewExpression") return undefined;
  const name = nameOf(calleeOf(node)) ?? propertyOf(calleeOf(node)) ?? "";
  return readers.has(name) || (name === "Worker" && node.type === "NewExpression") || name === "fetch" ? argumentsOf(node)[0] : undefined;
}

/**
 * Compiled code, such as the loaders of WebAssembly, passes paths through functions that can't be followed. So a file counts as reading if
 * it reads files, asks for its own path, and names a data file beside it.
 */
function readsBesides({ path, program, text }: SourceFile): Read[] {
  if (!/readFile|createReadStream|openSync/.test(text)) return [];
  const files = new Set(readdirSync(dirname(path)).filter((name) => dataFile.test(name)));
  const found: Read[] = [];
  if (files.size > 0)
    walk(program, (node) => {
      const name = textOf(node);
      if (name !== undefined && files.has(name)) found.push({ position: node.start, path: join(dirname(path), name) });
    });
  return found;
}

const dataFile = /\.(wasm|dat|bin|mem|data|afm|css|ttf|proto)$/;

function isThere(path: string): boolean {
  return statOf(path) !== undefined;
}
