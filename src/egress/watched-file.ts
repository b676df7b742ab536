/** A file of the host's settings, read anew when it changes. */
import { readFileSync, statSync } from "node:fs";

/**
 * @param parse gets "" where there is no such file
 * @returns what the file has now: the same object for as long as it does not change
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
