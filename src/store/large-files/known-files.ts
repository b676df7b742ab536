/**
 * The files that lie in folders here by now, found by their app, path and contents. A save of an app under development changes one file of many, and the others are linked and not written anew.
 *
 * 1. Nothing is linked that was written to since it was stored: a machine of the driver `process` may.
 * 2. Only a file of the same app and path is linked: where such a machine writes to files, those of other apps, and others of its own, stay as they were deployed.
 * 3. It knows a bounded number of files. What it does not know is written.
 */
import { linkSync, statSync } from "node:fs";
import { join } from "node:path";

/** As many as the last apps of this host have together. When there are more, it begins anew. */
const MOST_FILES = 40_000;

interface Known {
  place: string;
  /** What a write would change. */
  mark: string;
}

export class KnownFiles {
  readonly #byKey = new Map<string, Known>();

  /** @param keys of the files of a folder, by their paths in it */
  remember(folder: string, keys: ReadonlyMap<string, string>): void {
    if (this.#byKey.size + keys.size > MOST_FILES) this.#byKey.clear();
    for (const [path, key] of keys) {
      const place = join(folder, path);
      const mark = markOf(place);
      if (mark !== undefined) this.#byKey.set(key, { place, mark });
    }
  }

  /** Makes a file of the app, path, content and mode that the key says. @returns whether it is there now */
  link(key: string, to: string): boolean {
    const known = this.#byKey.get(key);
    if (known === undefined) return false;
    if (markOf(known.place) !== known.mark) {
      this.#byKey.delete(key);
      return false;
    }
    try {
      linkSync(known.place, to);
      return true;
    } catch {
      // File systems have a most number of links to a file, and some have no links at all.
      return false;
    }
  }
}

/** Undefined if there is no such file. */
function markOf(place: string): string | undefined {
  const stat = statSync(place, { throwIfNoEntry: false });
  return stat && `${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.mode}`;
}
