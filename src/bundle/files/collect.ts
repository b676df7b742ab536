/** Puts all files that travel with an app into one bundle. */
import { readFileSync, statSync } from "node:fs";
import { relative, sep } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import { filesBundle, MOST_FILES } from "../../store/catalog/app-files.ts";
import type { Bundle } from "../../store/catalog/catalog.ts";
import { refuseTooLarge } from "../../store/catalog/code-limit.ts";
import type { TravellingFile } from "./travelling-file.ts";

export interface CollectedFiles {
  bundle: Bundle;
  count: number;
  /** Of the contents. */
  bytes: number;
}

/** @param file the manifest, for errors. Throws "bad-manifest" and "code-too-large" before any file is read. */
export function collected(files: TravellingFile[], codeBytes: number, file: string): CollectedFiles | undefined {
  const all = [...new Map(files.map((each) => [each.path, each])).values()];
  if (all.length === 0) return undefined;
  if (all.length > MOST_FILES) {
    const what = `files and external name ${all.length} files; ${MOST_FILES} may travel with an app`;
    throw new MayflyError("bad-manifest", { file, what });
  }
  const stats = all.map(({ from }) => statSync(from));
  const bytes = stats.reduce((sum, { size }) => sum + size, 0);
  refuseTooLarge([codeBytes, bytes]);
  const bundle = filesBundle(
    all.map(({ path, from, executable = false }, at) => ({
      path,
      content: readFileSync(from),
      executable: executable || (stats[at]!.mode & 0o111) !== 0,
    })),
  );
  return { bundle, count: all.length, bytes };
}

/** A file of the app's folder travels to the same place below the task root. */
export function inPlace(root: string, from: string): TravellingFile {
  return { path: relative(root, from).split(sep).join("/"), from };
}
