/**
 * Whether esbuild called something in a bundle otherwise than its source does: classes and functions have their names from there. Its helper
 * that gives them back is used only where it is needed: an app without a clash of names starts without it.
 */
import type { OutputFile } from "esbuild";

/** What no map tells: a class that speaks of itself, and a default export that has no name. */
const renamedAlways = /\bclass _|_default\b/;
const map = /sourceMappingURL=data:application\/json;base64,([A-Za-z0-9+/=]+)\s*$/;

/** @param files a bundle with its map, inline or beside it */
export function hasRenamed(files: OutputFile[]): boolean {
  const code = files.find(({ path }) => !path.endsWith(".map"))?.text ?? "";
  const beside = files.find(({ path }) => path.endsWith(".map"))?.text;
  const encoded = map.exec(code.slice(code.lastIndexOf("\n//# source")))?.[1];
  const { names } = JSON.parse(beside ?? Buffer.from(encoded ?? "", "base64").toString()) as { names: string[] };
  return names.length > 0 || renamedAlways.test(code);
}
