/** Evaluates a function's bundle in ES module form, which Node takes from a file or a URL only. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** @returns the module's namespace; rejects with what the code throws */
export function evaluateModule(name: string, code: string): Promise<unknown> {
  return import(place(name, code)) as Promise<unknown>;
}

/** A file has short names in stacks and may import by path; where nothing can be written, the code is its own URL. */
function place(name: string, code: string): string {
  try {
    const file = join(mkdtempSync(join(tmpdir(), "mayfly-")), `${name}.mjs`);
    writeFileSync(file, code);
    return pathToFileURL(file).href;
  } catch {
    // A root that is read-only, with no room for temporary files.
    return `data:text/javascript;base64,${Buffer.from(code).toString("base64")}`;
  }
}
