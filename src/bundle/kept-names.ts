/**
 * Whether esbuild renamed a class or function in the bundle, whose `name` would then differ from the source. esbuild's helper that restores
 * names is used only in that case, so that an app without clashing names starts without it.
 */
import type { OutputFile } from "esbuild";

/** Renames that no source map shows: a class that refers to itself, and a default export without a name. */
const renamedDefault = /_default\b/;
const renamedClass = /\bclass _/;
const map = /sourceMappingURL=data:application\/json;base64,([A-Za-z0-9+/=]+)\s*$/;

/** @param files a bundle with its map, inline or as a separate file */
export function hasRenamed(files: OutputFile[]): boolean {
  return renamesAnyway(files) || renamedClass.test(codeOf(files));
}

/** Whether something in the bundle is renamed whether or not its name is kept; that a class refers to itself is seen only where it is not. */
export function renamesAnyway(files: OutputFile[]): boolean {
  return renamedDefault.test(codeOf(files)) || hasOtherNames(files);
}

function hasOtherNames(files: OutputFile[]): boolean {
  const code = codeOf(files);
  const beside = files.find(({ path }) => path.endsWith(".map"))?.text;
  const encoded = map.exec(code.slice(code.lastIndexOf("\n//# source")))?.[1];
  const { names } = JSON.parse(beside ?? Buffer.from(encoded ?? "", "base64").toString()) as { names: string[] };
  return names.length > 0;
}

function codeOf(files: OutputFile[]): string {
  return files.find(({ path }) => !path.endsWith(".map"))?.text ?? "";
}
