/** Finds the Python files of an app, all of which travel: what an import reaches is known only when it runs. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { inPlace } from "../files/collect.ts";
import type { TravellingFile } from "../files/travelling-file.ts";

/** Folders that are not the app's own code. */
const foreign = new Set(["__pycache__", "node_modules", "site-packages"]);

/** @param root the app's folder, without symbolic links in its path. Hidden folders and virtual environments are left out. */
export function appModules(root: string): TravellingFile[] {
  return modulesIn(root).map((path) => inPlace(root, path));
}

function modulesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.name.startsWith(".")) return [];
    if (entry.isDirectory()) return foreign.has(entry.name) || isEnvironment(path) ? [] : modulesIn(path);
    return entry.isFile() && entry.name.endsWith(".py") ? [path] : [];
  });
}

/** A virtual environment has packages for the developer's own machine. */
function isEnvironment(folder: string): boolean {
  return existsSync(join(folder, "pyvenv.cfg"));
}
