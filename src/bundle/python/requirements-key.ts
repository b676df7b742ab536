/**
 * What an app requires, as a text that is another one when something else would be installed: packages that are installed stay for as long as it is the same.
 *
 * 1. Files that requirements name count with their contents or, if they are packages, with what a write changes of them.
 * 2. Where that cannot be told, there is no text, and packages are installed each time.
 */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { statOf } from "../files/stat-of.ts";

/** Undefined where it cannot be told. @param path of a file of requirements @param root in which pip runs, so that paths of packages begin there */
export function keyOfFile(path: string, root: string, within: readonly string[] = []): string | undefined {
  // pip refuses files that name each other in a circle.
  if (within.includes(path) || statOf(path)?.isFile() !== true) return undefined;
  const text = readFileSync(path, "utf8");
  const parts = text.split("\n").map((line) => keyOfLine(line, root, dirname(path), [...within, path]));
  return parts.includes(undefined) ? undefined : [text, ...parts].join("\n");
}

/** Undefined where it cannot be told. @param words requirements of pyproject.toml */
export function keyOfWords(words: string[], root: string): string | undefined {
  const parts = words.map((word) => keyOfLine(word, root, root, []));
  return parts.includes(undefined) ? undefined : [...words, ...parts].join("\n");
}

const OTHER_FILE = /^\s*(?:-r|-c|--requirement|--constraint)[\s=]*(\S+)/;
const EDITABLE = /^\s*(?:-e|--editable)\b/;
/** What stands alone, or behind a package's name. */
const SOURCE = /^\s*(?![-#])(?:[^@\s]+\s*@\s*)?(\S+)/;
/** A URL of another host has two slashes, too. */
const IS_LOCAL = /^(?:file:|\.|(?!\w[\w+.-]*:\/\/).*\/)/;

/** What the line says of other files: nothing, mostly. */
function keyOfLine(line: string, root: string, folder: string, within: readonly string[]): string | undefined {
  if (EDITABLE.test(line)) return undefined;
  const [, other] = OTHER_FILE.exec(line) ?? [];
  if (other !== undefined) return keyOfFile(resolve(folder, other), root, within);
  const [, source = ""] = SOURCE.exec(line) ?? [];
  return IS_LOCAL.test(source) ? markOf(source, root) : "";
}

function markOf(local: string, root: string): string | undefined {
  const stat = statOf(placeOf(local, root));
  return stat?.isFile() === true ? `${stat.ino} ${stat.size} ${stat.mtimeMs}` : undefined;
}

function placeOf(local: string, root: string): string {
  const [path = ""] = local.split("#", 1);
  try {
    if (path.startsWith("file://")) return fileURLToPath(path);
  } catch {
    // It names another host, and no file here.
  }
  return resolve(root, path.replace(/^file:/, ""));
}
