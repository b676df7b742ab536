import { readdir } from "node:fs/promises";
import { join } from "node:path";

/**
 * The paths of everything in a folder, relative to it. Symbolic links are listed but never followed. Node's own recursive readdir follows
 * links to folders, and would list files outside the folder as if they were inside.
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
