import { readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, parse, relative, resolve, sep } from "node:path";
import { entryFunctions, type Manifest } from "../store/catalog/manifest.ts";
import { MANIFEST_BYTES, parseManifest, tooLargeManifest } from "../store/catalog/parse-manifest.ts";
import { runtimeOf } from "../store/catalog/runtime-of.ts";
import { MayflyError } from "../base/errors/error.ts";
import { statOf } from "./files/stat-of.ts";
import { withKeyFiles } from "./key-files.ts";

/** Reads and checks the folder's mayfly.json and the keys that it names, and checks that the entry files exist. Throws "bad-manifest". */
export function readManifest(dir: string): Manifest {
  const file = join(dir, "mayfly.json");
  const manifest = withKeyFiles(parseManifest(read(file), file), dir, file);
  for (const { name, entry, handler } of entryFunctions(manifest)) {
    const runtime = runtimeOf(manifest, name);
    const what = refusal(dir, entry, runtime === "java");
    if (what) throw new MayflyError("bad-manifest", { file, what: `functions.${name}.entry is ${JSON.stringify(entry)}, but ${what}` });
    const own = runtime === "node" ? namedWithFile(entry, handler) : undefined;
    if (own !== undefined)
      throw new MayflyError("bad-manifest", {
        file,
        what: `functions.${name}.handler is ${JSON.stringify(handler)}, but must be the export alone, ${JSON.stringify(own)}: the file is named by entry`,
      });
  }
  return manifest;
}

function read(file: string): string {
  try {
    const stat = statSync(file);
    // To read a pipe would be to wait for whoever writes into it.
    if (!stat.isFile() && !stat.isDirectory()) throw new MayflyError("bad-manifest", { file, what: "it is no file" });
    const { size } = stat;
    if (size > MANIFEST_BYTES) throw tooLargeManifest(file, `has ${size} bytes`);
    return textOf(readFileSync(file), file);
  } catch (error) {
    throw error instanceof MayflyError ? error : unreadable(file, error as NodeJS.ErrnoException);
  }
}

/** Some editors of Windows begin a file with its byte order mark. */
function textOf(bytes: Buffer, file: string): string {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    throw new MayflyError("bad-manifest", { file, what: "it is UTF-16: save it as UTF-8" });
  return new TextDecoder().decode(bytes);
}

function unreadable(file: string, error: NodeJS.ErrnoException): MayflyError {
  const given = dirname(file);
  if (error.code === "ENOTDIR")
    return new MayflyError("bad-manifest", { file: given, what: `it is a file, and the folder that has mayfly.json is wanted` }, error);
  const missing = error.code === "ENOENT";
  const what = missing ? "there is no such file; `mayfly init` makes one" : `it cannot be read: ${error.message}`;
  return new MayflyError("bad-manifest", { file, what }, error);
}

/** @param mayBeFolder whether a folder has what its files are built to */
function refusal(dir: string, entry: string, mayBeFolder: boolean): string | undefined {
  const path = resolve(dir, entry);
  const inside = relative(dir, path);
  if (isAbsolute(entry) || inside === ".." || inside.startsWith(`..${sep}`)) return "must be a path inside of the app's folder";
  const stat = statOf(path);
  return stat?.isFile() || (mayBeFolder && stat?.isDirectory()) ? undefined : "there is no such file";
}

/** The handler without the file's name, which AWS Lambda's configuration has before it: index.handler. */
function namedWithFile(entry: string, handler: string): string | undefined {
  const { dir, name } = parse(entry);
  const before = [`${name}.`, `${join(dir, name)}.`].find((each) => handler.startsWith(each));
  return before === undefined ? undefined : handler.slice(before.length);
}
