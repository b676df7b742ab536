import { existsSync } from "node:fs";
import { join } from "node:path";

/** Whether the folder is a virtual environment of Python, or one of conda, which has packages for the developer's own machine. */
export function isEnvironment(folder: string): boolean {
  return existsSync(join(folder, "pyvenv.cfg")) || existsSync(join(folder, "conda-meta"));
}
