/** Bundles the folder of files that the gateway serves itself. They travel as `files` do, so that machines of the app have them as well. */
import { join } from "node:path";
import type { BundledPart } from "./bundled-app.ts";
import { collected } from "./files/collect.ts";
import { matchedFiles } from "./files/matched.ts";
import { statOf } from "./files/stat-of.ts";

/** The one hidden name that belongs to the Web. */
const WELL_KNOWN = ".well-known";

/** @param folder with a slash at its end @param root the app's folder @param file the manifest, for errors. Throws "bad-manifest" and "code-too-large". */
export async function bundleStatic(folder: string, root: string, file: string): Promise<BundledPart> {
  const hasWellKnown = statOf(join(root, folder, WELL_KNOWN))?.isDirectory() === true;
  const patterns = [`${folder}**`, ...(hasWellKnown ? [`${folder}${WELL_KNOWN}/**`] : [])];
  const files = await collected(matchedFiles(root, patterns, file, "static"), 0, file);
  return {
    bundles: files === undefined ? [] : [files.bundle],
    warnings: [],
    files: { count: files?.count ?? 0, bytes: files?.bytes ?? 0, named: [] },
  };
}
