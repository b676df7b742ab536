/** Evaluates a function's bundle in ES module form, which Node loads only from a file or a URL. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { taskRoot } from "../../../agent/files/task-root.ts";

/** @param folder of the file that is made @returns the module's namespace; rejects with what the code throws */
export function evaluateModule(name: string, code: string, folder = taskRoot): Promise<unknown> {
  return import(place(name, code, folder)) as Promise<unknown>;
}

/**
 * The URL of the code. A file below the task root has a short name in stacks, and imports packages that lie there; if nothing can be written, the URL
 * contains the code.
 */
function place(name: string, code: string, folder: string): string {
  try {
    mkdirSync(folder, { recursive: true });
    const file = join(mkdtempSync(join(folder, ".mayfly-")), `${name}.mjs`);
    writeFileSync(file, code);
    return pathToFileURL(file).href;
  } catch {
    // There is no room for files.
    return `data:text/javascript;base64,${Buffer.from(code).toString("base64")}`;
  }
}
