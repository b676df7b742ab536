import { readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { entryFunctions, type Manifest } from "../store/catalog/manifest.ts";
import { MANIFEST_BYTES, parseManifest, tooLargeManifest } from "../store/catalog/parse-manifest.ts";
import { runtimeOf } from "../store/catalog/parts.ts";
import { MayflyError } from "../base/errors/error.ts";

/** Reads and checks the folder's mayfly.json, and checks that the entry files exist. Throws "bad-manifest". */
export function readManifest(dir: string): Manifest {
  const file = join(dir, "mayfly.json");
  const manifest = parseManifest(read(file), file);
  for (const { name, entry } of entryFunctions(manifest)) {
    const what = refusal(dir, entry, runtimeOf(manifest, name) === "java");
    if (what) throw new MayflyError("bad-manifest", { file, what: `functions.${name}.entry is ${JSON.stringify(entry)}, but ${what}` });
  }
  return manifest;
}

function read(file: string): string {
  try {
    const { size } = statSync(file);
    if (size > MANIFEST_BYTES) throw tooLargeManifest(file, `has ${size} bytes`);
    return readFileSync(file, "utf8");
  } catch (error) {
    throw error instanceof MayflyError ? error : unreadable(file, error as NodeJS.ErrnoException);
  }
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
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.isFile() || (mayBeFolder && stat?.isDirectory()) ? undefined : "there is no such file";
}
