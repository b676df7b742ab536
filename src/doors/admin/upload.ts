/** A deploy's form, checked: what comes out can be stored as it is. */
import type { Bundle } from "../../store/catalog/catalog.ts";
import { refuseTooLarge } from "../../store/catalog/code-limit.ts";
import type { Manifest } from "../../store/catalog/manifest.ts";
import { parseManifest } from "../../store/catalog/parse-manifest.ts";
import type { FormFile } from "./read-form.ts";
import { MayflyError } from "../../base/errors/error.ts";

export interface Upload {
  manifest: Manifest;
  bundles: Bundle[];
}

/** Throws "bad-manifest", "bad-request" or "code-too-large". */
export function readUpload(app: string, form: { manifest: string; functions: FormFile[] }): Upload {
  const manifest = parseManifest(form.manifest, "The part manifest");
  if (manifest.name !== app) throw bad(`the manifest is of app ${manifest.name}, the path of app ${app}`);
  refuseTooLarge(form.functions.map(({ bytes }) => bytes.byteLength));
  const bundles = form.functions.map(readBundle);
  checkNames(Object.keys(manifest.functions), names(bundles));
  return { manifest, bundles };
}

function readBundle(file: FormFile): Bundle {
  const [, name, extension] = /^([A-Za-z0-9_-]+)\.(cjs|mjs)$/.exec(file.name) ?? [];
  if (name === undefined)
    throw bad(`a part functions has the file name ${JSON.stringify(file.name)}, but must be <function>.cjs or <function>.mjs`);
  return { function: name, format: extension === "mjs" ? "esm" : "cjs", code: file.bytes };
}

function checkNames(wanted: string[], given: string[]): void {
  const missing = wanted.find((name) => !given.includes(name));
  if (missing !== undefined) throw bad(`the manifest has a function ${missing}, but no part functions has its code`);
  const extra = given.find((name, index) => !wanted.includes(name) || given.indexOf(name) !== index);
  if (extra !== undefined) throw bad(`the code of function ${extra} was sent, but the manifest has no such function, or it was sent twice`);
}

function names(bundles: Bundle[]): string[] {
  return bundles.map((bundle) => bundle.function);
}

function bad(what: string): MayflyError {
  return new MayflyError("bad-request", { what });
}
