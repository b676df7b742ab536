/** Evaluates a function's bundle in ES module form, which Node loads only from a file or a URL. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** @returns the module's namespace; rejects with what the code throws */
export function evaluateModule(name: string, code: string): Promise<unknown> {
  return import(place(name, code)) as Promise<unknown>;
}

/** The URL of the code. A file has a short name in stacks and may import by path; if nothing can be written, the URL contains the code. */
function place(name: string, code: string): string {
  try {
    const file = join(mkdtempSync(join(tmpdir(), "mayfly-")), `${name}.mjs`);
    writeFileSync(file, code);
    return pathToFileURL(file).href;
  } catch {
    // The root is read-only, and there is no room for temporary files.
    return `data:text/javascript;base64,${Buffer.from(code).toString("base64")}`;
  }
}
