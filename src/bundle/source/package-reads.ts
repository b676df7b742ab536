/** Where a package reads files that lie beside its code, which are not in the machine. */
import { readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Node, type SourceFile, argumentsOf, nameOf, propertyOf, textOf, walk } from "./parse.ts";
import { Places } from "./places.ts";

export interface Read {
  position: number;
  /** What is read, absolute; undefined where only running the code tells. */
  path: string | undefined;
}

/** Files without any of these read nothing of their own. */
export const mayReadFiles = /\b__dirname\b|\b__filename\b|import\.meta|require\.resolve/;

/** Functions that take a file's path as their first argument, whose object does not matter: fs, fs.promises, an import of them. */
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
    const path = pathArgument(node);
    if (path === undefined || !places.isMadeOfPlace(path)) return;
    const target = places.pathOf(path);
    if (target === undefined || isThere(target)) found.push({ position: node.start, path: target });
  });
  // A file that is named says more than a path that nobody can follow.
  const named = found.some(({ path }) => path !== undefined) ? [] : readsBesides(file);
  return named.length > 0 ? named : found;
}

/** Of a call that reads a file, or starts a worker of one. */
export function pathArgument(node: Node): Node | undefined {
  if (node.type !== "CallExpression" && node.type !== "NewExpression") return undefined;
  const name = nameOf(node["callee"]) ?? propertyOf(node["callee"]) ?? "";
  return readers.has(name) || (name === "Worker" && node.type === "NewExpression") || name === "fetch" ? argumentsOf(node)[0] : undefined;
}

/**
 * Compiled code hands paths through functions that nobody can follow (WebAssembly's loaders do): it reads files, knows where it lies, and
 * names a data file that lies there.
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
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
