/**
 * The code by which a machine loads a Node.js function that lies among the app's files, as Lambda's own runtime does: the files stay as they were zipped, with
 * their node_modules, and are not bundled.
 */
import type { Bundle } from "../../store/catalog/catalog.ts";

/** The first of the files that Lambda looks for, or what it would be called. @param path the handler without its names, such as `src/app` */
export function nodeEntry(path: string, paths: ReadonlySet<string>): string {
  return [".js", ".mjs", ".cjs"].map((ending) => `${path}${ending}`).find((each) => paths.has(each)) ?? `${path}.js`;
}

/** @param names of the export, with dots between those of objects in objects */
export function nodeLoader(entry: string, path: string, names: string): Pick<Bundle, "format" | "code"> {
  const isModule = entry.endsWith(".mjs");
  return { format: isModule ? "esm" : "cjs", code: Buffer.from(isModule ? asModule(entry, path, names) : asScript(entry, path, names)) };
}

/** Node gives a module that is required as an ES module, too, unless it awaits at its top level. */
function asScript(entry: string, path: string, names: string): string {
  return `const loaded = require(process.env.LAMBDA_TASK_ROOT + ${JSON.stringify(`/${entry}`)});
${found(path, names)}
exports[${JSON.stringify(names)}] = handler;
`;
}

function asModule(entry: string, path: string, names: string): string {
  return `import { pathToFileURL } from "node:url";
const loaded = await import(pathToFileURL(process.env.LAMBDA_TASK_ROOT + ${JSON.stringify(`/${entry}`)}).href);
${found(path, names)}
export default { [${JSON.stringify(names)}]: handler };
`;
}

function found(path: string, names: string): string {
  return `const handler = ${JSON.stringify(names.split("."))}.reduce((inner, name) => inner?.[name], loaded);
if (typeof handler !== "function")
  throw Object.assign(new Error(${JSON.stringify(`${path}.${names} is undefined or not exported`)}), { name: "Runtime.HandlerNotFound" });`;
}
