import { existsSync, readFileSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { type Manifest, manifestSchema } from "../catalog/manifest.ts";
import { MayflyError } from "../errors/error.ts";
import { firstIssue } from "../errors/schema-issue.ts";

/** Reads and checks mayfly.json of the folder, and that its entries are there. Throws "bad-manifest". */
export function readManifest(dir: string): Manifest {
  const file = join(dir, "mayfly.json");
  const given = parse(file);
  const parsed = manifestSchema.safeParse(given);
  if (!parsed.success) {
    const { key, what } = firstIssue(parsed.error, manifestSchema, given);
    throw new MayflyError("bad-manifest", { file, what: key === "" ? `it ${what}` : `${key} ${what}` });
  }
  for (const [name, { entry }] of Object.entries(parsed.data.functions)) checkEntry(dir, file, name, entry);
  return parsed.data;
}

function parse(file: string): unknown {
  if (!existsSync(file)) throw new MayflyError("bad-manifest", { file, what: "there is no such file; `mayfly init` makes one" });
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new MayflyError("bad-manifest", { file, what: `it cannot be read as JSON: ${(error as Error).message}` }, error);
  }
}

function checkEntry(dir: string, file: string, name: string, entry: string): void {
  const path = resolve(dir, entry);
  const bad = (what: string): MayflyError =>
    new MayflyError("bad-manifest", { file, what: `functions.${name}.entry is ${JSON.stringify(entry)}, but ${what}` });
  if (relative(dir, path).startsWith("..")) throw bad("must be inside of the app's folder");
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) throw bad("there is no such file");
}
