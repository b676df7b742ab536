/** Finds the Python files of an app, all of which travel: what an import reaches is known only when it runs. */
import { type Dirent, readdirSync, realpathSync } from "node:fs";
import { join, relative } from "node:path";
import { inPlace } from "../files/collect.ts";
import { isWithin } from "../files/matched.ts";
import { statOf } from "../files/stat-of.ts";
import type { TravellingFile } from "../files/travelling-file.ts";
import { isEnvironment } from "./environment.ts";

/** Folders that are not the app's own code. */
const foreign = new Set(["__pycache__", "node_modules", "site-packages"]);

export interface AppModules {
  files: TravellingFile[];
  /** A sentence for each link that does not travel. */
  warnings: string[];
}

/**
 * Symbolic links become what they lead to, as long as that is in the app's folder.
 * @param root the app's folder, without symbolic links in its path. Hidden folders, virtual environments and folders that this user may not read are left out.
 */
export function appModules(root: string): AppModules {
  const found: AppModules = { files: [], warnings: [] };
  search(root, root, new Set([root]), found);
  return found;
}

/** @param within the folders that this one is in, by their real paths: a link to one of them would have no end */
function search(root: string, folder: string, within: Set<string>, found: AppModules): void {
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.name.startsWith(".") || foreign.has(entry.name)) continue;
    const stat = statOf(path);
    const isModule = entry.name.endsWith(".py");
    const place = entry.isSymbolicLink() && stat !== undefined ? realpathSync(path) : path;
    if (entry.isSymbolicLink() && (isModule || stat?.isDirectory() === true)) {
      const what = whyLeftOut(root, place, stat !== undefined, within);
      // Links to folders are common that have no Python in them, such as one to a data set.
      if (what !== undefined) {
        if (isModule || holdsModules(place)) found.warnings.push(`${relative(root, path)} does not travel: it is a link that ${what}`);
        continue;
      }
    }
    if (stat?.isDirectory() === true && !isEnvironment(path)) search(root, path, new Set([...within, place]), found);
    else if (stat?.isFile() === true && isModule) found.files.push(inPlace(root, path));
  }
}

/** None of a folder that may not be read: a database's, for example, which its container keeps in the project. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EACCES") throw error;
    return [];
  }
}

function whyLeftOut(root: string, place: string, isThere: boolean, within: Set<string>): string | undefined {
  if (!isThere) return "leads nowhere";
  if (!isWithin(place, root)) return "leads out of the app's folder";
  return within.has(place) ? "leads to a folder that it is in" : undefined;
}

function holdsModules(folder: string): boolean {
  return entriesOf(folder).some(({ name }) => name.endsWith(".py"));
}
