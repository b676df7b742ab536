import { join } from "node:path";
import type { Metafile } from "esbuild";
import { MayflyError } from "../base/errors/error.ts";
import type { FunctionSource } from "./function-source.ts";
import { type Node, parseFile } from "./source/parse.ts";

/**
 * The exports of an ES module that a machine looks at; undefined for a CommonJS module, and for what is known only once it runs.
 *
 * Refuses an ES module that exports no function at all, because an error at deploy is better than one at the first call. The exports of a
 * CommonJS module are known only once it runs.
 */
export function checkExports(metafile: Metafile, { root, name, entry, handler }: FunctionSource): string[] | undefined {
  const output = Object.values(metafile.outputs).find(({ entryPoint }) => entryPoint !== undefined);
  if (!output || metafile.inputs[output.entryPoint ?? ""]?.format === "cjs") return undefined;
  const used = output.exports.filter((each) => each === "default" || each === handler);
  if (used.length > 0) return used;
  if (passesAllOn(join(root, output.entryPoint!))) return undefined;
  const found = output.exports.length > 0 ? `exports ${output.exports.join(", ")}` : "exports nothing";
  const expected = `expected \`export default { fetch(request, env, ctx) }\` or \`export const ${handler} = async (event, context) => …\``;
  throw new MayflyError("build-failed", { function: name, what: `${entry} ${found}; ${expected}` });
}

/** Whether the module has `export * from …`, through which the exports of a CommonJS module may come. */
function passesAllOn(path: string): boolean {
  const body = (parseFile(path)?.program["body"] ?? []) as Node[];
  return body.some((node) => node.type === "ExportAllDeclaration" && !node["exported"]);
}
