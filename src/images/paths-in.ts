import { readdir } from "node:fs/promises";
import { join } from "node:path";

/**
 * All that lies in a folder, relative to it. Symbolic links are named and never followed: Node's own recursive readdir follows those to folders,
 * and would list what lies outside of the folder as if it lay within.
 */
export async function pathsIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  const waiting = [""];
  for (const place of waiting) {
    for (const entry of await readdir(join(folder, place), { withFileTypes: true })) {
      const path = join(place, entry.name);
      found.push(path);
      if (entry.isDirectory()) waiting.push(path);
    }
  }
  return found;
}
