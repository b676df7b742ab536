/** What a deploy sends: the manifest, the code of each function, and the files that travel with it. */

/** One file: a bundler has put what it imports into it. */
export interface FunctionCode {
  code: string | Uint8Array<ArrayBuffer> | Blob;
  /** `esm` and `cjs` are JavaScript. `python`, `provided` and `server` are for functions whose code is among the files: their code here is empty. */
  format: "esm" | "cjs" | "python" | "java" | "provided" | "server";
}

export interface Deployment {
  /** What is in mayfly.json: docs/manifest.md has the keys. */
  manifest: { name: string; functions?: Record<string, object>; [key: string]: unknown };
  /** By the function's name. A Map, for names that an object has already. */
  functions: Record<string, FunctionCode> | Map<string, FunctionCode>;
}

const extensions = { esm: "mjs", cjs: "cjs", python: "py", java: "jar", provided: "provided", server: "server" } as const;

export function deployForm({ manifest, functions }: Deployment): FormData {
  const form = new FormData();
  form.set("manifest", JSON.stringify(manifest));
  const all = functions instanceof Map ? [...functions] : Object.entries(functions);
  for (const [name, { code, format }] of all) form.append("functions", new Blob([code]), `${name}.${extensions[format]}`);
  return form;
}
