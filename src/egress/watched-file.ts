/** A settings file of the host, read again whenever it changes. */
import { readFileSync, statSync } from "node:fs";

/**
 * @param parse receives "" if the file does not exist
 * @returns the current content: the same object until the file changes
 */
export function watchedFile<T>(file: string, parse: (text: string) => T): () => T {
  let version: string | undefined;
  let parsed: T;
  return () => {
    const found = versionOf(file);
    if (found !== version) parsed = parse(found === "" ? "" : readFileSync(file, "utf8"));
    version = found;
    return parsed;
  };
}

function versionOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? "" : `${stat.ino} ${stat.mtimeMs} ${stat.size}`;
}
