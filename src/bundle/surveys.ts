/**
 * What the first pass over a function has found, which is used again when the function is bundled again: most changes of code change nothing of it. The second pass
 * shows whether it holds. If not, the function is bundled as if nothing were known.
 *
 * 1. A survey is used only if the entry exports what it did, and holds only if the second pass has the same files in the same form. So the bytes are those that two passes give.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSync } from "oxc-parser";
import type { Built } from "./builder.ts";
import type { FunctionSource } from "./function-source.ts";
import { renamesAnyway } from "./kept-names.ts";
import { KnownSources, usedFiles } from "./source/sources.ts";

export interface Survey {
  /** The files of which something is in the bundle, relative to the app's folder. */
  used: string[];
  /** See checkExports(). */
  exports: string[] | undefined;
  /** Whether the bundler has renamed a function or a class. */
  renamed: boolean;
}

export interface SecondPass {
  /** What it read, and what of that is in the bundle. */
  files: string;
  isScript: boolean;
  keepsNames: boolean;
  /** Whether that is needed, as far as can be told where names are kept already. */
  renames: boolean;
}

interface Known {
  key: string;
  survey: Survey;
  second: SecondPass;
}

export class Surveys {
  readonly sources = new KnownSources();
  /** By the function's name. */
  readonly #known = new Map<string, Known>();

  /** @param key of the source as it is now. The survey has `renamed` as the second pass needed it. */
  known(name: string, key: string | undefined): Known | undefined {
    const known = this.#known.get(name);
    return known?.key === key ? known : undefined;
  }

  learn(name: string, key: string | undefined, survey: Survey, second: SecondPass): void {
    if (key === undefined) this.#known.delete(name);
    else this.#known.set(name, { key, survey: { ...survey, renamed: second.keepsNames }, second });
  }
}

export function secondPass({ metafile, outputFiles }: Built, form: Pick<SecondPass, "isScript" | "keepsNames">): SecondPass {
  return { ...form, files: JSON.stringify([Object.keys(metafile.inputs), usedFiles(metafile)]), renames: renamesAnyway(outputFiles) };
}

/** If names are kept, that is because some were changed, which has to be so still. */
export function isAsBefore(now: SecondPass, before: SecondPass): boolean {
  const { files, isScript, keepsNames } = before;
  return now.files === files && now.isScript === isScript && now.keepsNames === keepsNames && (!keepsNames || now.renames);
}

/** What the survey depends on besides the files that the second pass shows; undefined if it can't be told. */
export function surveyKey({ root, entry, handler, shipped, debuggable }: FunctionSource): string | undefined {
  const exports = exportsOf(join(root, entry));
  return exports && JSON.stringify([entry, handler, [...shipped.files], [...shipped.packages], debuggable, exports]);
}

/** Undefined for a file that passes on all exports of another, and for one that cannot be read. */
function exportsOf(path: string): string[] | undefined {
  try {
    const { module, errors } = parseSync(path, readFileSync(path, "utf8"));
    const entries = module.staticExports.flatMap((each) => each.entries);
    const names = entries.map(({ exportName: { kind, name } }): [kind: string, name: string | null] => [kind, name]);
    if (errors.length > 0 || !module.hasModuleSyntax || names.some(([kind]) => kind === "None")) return undefined;
    return names.map(([kind, name]) => name ?? kind).toSorted();
  } catch {
    return undefined;
  }
}
