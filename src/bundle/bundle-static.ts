/** Bundles the folder of files that the gateway serves itself. They travel as `files` do, so that machines of the app have them as well. */
import { join } from "node:path";
import { MayflyError } from "../base/errors/error.ts";
import type { BundledPart } from "./bundled-app.ts";
import { collected } from "./files/collect.ts";
import { matchedFiles } from "./files/matched.ts";
import { statOf } from "./files/stat-of.ts";

/** The one hidden name that belongs to the Web. */
const WELL_KNOWN = ".well-known";

/**
 * @param folder with a slash at its end @param fallback a file of the folder @param root the app's folder @param file the manifest, for errors. Throws
 * "bad-manifest" and "code-too-large".
 */
export async function bundleStatic(folder: string, fallback: string | undefined, root: string, file: string): Promise<BundledPart> {
  const refuse = (what: string) => {
    throw new MayflyError("bad-manifest", { file, what });
  };
  if (statOf(join(root, folder))?.isDirectory() !== true) refuse(`static is "${folder}", but there is no such folder`);
  if (fallback !== undefined && statOf(join(root, folder, fallback))?.isFile() !== true)
    refuse(`fallback is "${fallback}", but there is no such file in ${folder}`);
  const hasWellKnown = statOf(join(root, folder, WELL_KNOWN))?.isDirectory() === true;
  const patterns = [`${folder}**`, ...(hasWellKnown ? [`${folder}${WELL_KNOWN}/**`] : [])];
  const files = collected(matchedFiles(root, patterns, file, "static"), 0, file);
  return {
    bundles: files === undefined ? [] : [files.bundle],
    warnings: [],
    files: { count: files?.count ?? 0, bytes: files?.bytes ?? 0, named: [] },
  };
}
