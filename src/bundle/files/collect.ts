/** Puts all files that travel with an app into one bundle. */
import { accessSync, constants, readFileSync, type Stats, statSync } from "node:fs";
import { relative, sep } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import { filesBundle, MOST_FILES } from "../../store/catalog/app-files.ts";
import { FILES, FILES_FORMAT } from "../../store/catalog/catalog.ts";
import { refuseTooLarge } from "../../store/catalog/code-limit.ts";
import { type UploadBundle, UnreadFiles } from "../../store/catalog/unread-files.ts";
import { areLarge, MOST_BYTES } from "../../store/large-files/large-files.ts";
import type { TravellingFile } from "./travelling-file.ts";

export interface CollectedFiles {
  bundle: UploadBundle;
  count: number;
  /** Of the contents. */
  bytes: number;
}

/** @param file the manifest, for errors. Throws "bad-manifest" and "code-too-large" before any file is read. */
export function collected(files: TravellingFile[], codeBytes: number, file: string): CollectedFiles | undefined {
  const all = [...new Map(files.map((each) => [each.path, each])).values()];
  if (all.length === 0) return undefined;
  if (all.length > MOST_FILES) {
    const what = `${all.length} files would travel with the app: its code, packages, and what files and external name; ${MOST_FILES} may`;
    throw new MayflyError("bad-manifest", { file, what });
  }
  const stats = all.map((each) => readable(each, file));
  const bytes = stats.reduce((sum, { size }) => sum + size, 0);
  const counted = { count: all.length, bytes };
  const isExecutable = ({ executable }: TravellingFile, at: number) => executable === true || (stats[at]!.mode & 0o111) !== 0;
  if (areLarge(all.length, bytes)) {
    refuseTooLarge([codeBytes]);
    if (bytes > MOST_BYTES) throw new MayflyError("code-too-large", { bytes, limit: MOST_BYTES });
    // Those of files that stay are read when they are needed.
    const contentOf = ({ from, passing }: TravellingFile, at: number) => (passing ? readFileSync(from) : { from, bytes: stats[at]!.size });
    const code = new UnreadFiles(
      all.map((each, at) => ({ path: each.path, content: contentOf(each, at), executable: isExecutable(each, at) })),
    );
    return { bundle: { function: FILES, format: FILES_FORMAT, code }, ...counted };
  }
  refuseTooLarge([codeBytes, bytes]);
  const bundle = filesBundle(
    all.map((each, at) => ({ path: each.path, content: readFileSync(each.from), executable: isExecutable(each, at) })),
  );
  return { bundle, ...counted };
}

/** An editor may have removed it meanwhile, and a wildcard may match what is another user's. */
function readable({ path, from }: TravellingFile, file: string): Stats {
  try {
    accessSync(from, constants.R_OK);
    return statSync(from);
  } catch (error) {
    throw new MayflyError("bad-manifest", { file, what: `${path} would travel, but cannot be read: ${(error as Error).message}` }, error);
  }
}

/** A file of the app's folder travels to the same place below the task root. */
export function inPlace(root: string, from: string): TravellingFile {
  return { path: relative(root, from).split(sep).join("/"), from };
}
