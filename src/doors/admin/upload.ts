/** Reads a manifest and the code of functions from the parts of a deploy's form. The use case checks that the two fit together. */
import { type Bundle, FILES, FILES_FORMAT } from "../../store/catalog/catalog.ts";
import type { Manifest } from "../../store/catalog/manifest.ts";
import { parseManifest } from "../../store/catalog/parse-manifest.ts";
import type { CodeFormat } from "../../wire/protocol.ts";
import type { LargeDraft } from "../../store/large-files/large-files.ts";
import { FormFile, LargeFormFile } from "./read-form.ts";
import { MayflyError } from "../../base/errors/error.ts";

export interface Upload {
  manifest: Manifest;
  bundles: Bundle[];
  /** The app's files, if they are large. */
  large: LargeDraft | undefined;
}

/** Throws "bad-manifest" or "bad-request". */
export function readUpload(
  app: string,
  form: { manifest: string; functions: FormFile[]; files?: FormFile | LargeFormFile | undefined },
): Upload {
  const manifest = parseManifest(form.manifest, "The part manifest");
  if (manifest.name !== app) throw bad(`the manifest is of app ${manifest.name}, the path of app ${app}`);
  const bundles = form.functions.map(readBundle);
  const { files } = form;
  if (files instanceof FormFile) bundles.push({ function: FILES, format: FILES_FORMAT, code: files.bytes });
  return { manifest, bundles, large: files instanceof LargeFormFile ? files.draft : undefined };
}

const formats: Record<string, CodeFormat> = { cjs: "cjs", mjs: "esm", py: "python", jar: "java", provided: "provided", server: "server" };

function readBundle(file: FormFile): Bundle {
  const [, name, extension] = /^([A-Za-z0-9_-]+)\.(cjs|mjs|py|jar|provided|server)$/.exec(file.name) ?? [];
  if (name === undefined)
    throw bad(
      `a part functions has the file name ${JSON.stringify(file.name)}, but must be <function> and one of .cjs, .mjs, .py, .jar, .provided and .server`,
    );
  return { function: name, format: formats[extension!]!, code: file.bytes };
}

function bad(what: string): MayflyError {
  return new MayflyError("bad-request", { what });
}
