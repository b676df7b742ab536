/**
 * Loads the handler of a function that was made by AWS Lambda's API, among the app's files, by the rules of AWS's Node.js runtime: "folder/module.export", where
 * the module is a file that ends in .js, .mjs or .cjs, or a package. What goes wrong has the name that AWS's runtime gives it.
 */
import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { taskRoot } from "../../../agent/files/task-root.ts";

/** In the order in which AWS's runtime looks for the file. */
const ENDINGS = ["", ".js", ".mjs", ".cjs"];
/** The file that AWS's runtime names as the one that asked for a module. */
const ASKING = "/var/runtime/index.mjs";

/** How often code was imported that failed: an ES module that has failed is not evaluated again under the same URL. */
let failures = 0;

/** @param handler as AWS names it @returns the exported function; rejects with what the code throws, or with an error of AWS's names */
export async function loadUserFunction(handler: string): Promise<unknown> {
  if (handler.includes(".."))
    throw named(
      "MalformedHandlerName",
      `'${handler}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  const [, module, path] = /^([^.]*)\.(.*)$/s.exec(basename(handler)) ?? [];
  if (module === undefined || path === undefined) throw named("MalformedHandlerName", "Bad handler");
  const folder = handler.slice(0, handler.length - basename(handler).length);
  return exportOf(await importModule(folder, module), path, handler);
}

async function importModule(folder: string, module: string): Promise<unknown> {
  const file = resolve(taskRoot, folder, module);
  const ending = ENDINGS.find((each) => isFile(file + each));
  try {
    if (ending === undefined) return requirePackage(folder, module);
    return (await import(`${pathToFileURL(file + ending).href}${failures === 0 ? "" : `?${failures}`}`)) as unknown;
  } catch (error) {
    failures += 1;
    throw renamed(error);
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function requirePackage(folder: string, module: string): unknown {
  const require = createRequire(ASKING);
  return require(require.resolve(module, { paths: [taskRoot, resolve(taskRoot, folder)] })) as unknown;
}

/** AWS's runtime gives names to two kinds of errors, and leaves all others as they are. */
function renamed(error: unknown): unknown {
  if (error instanceof SyntaxError) return Object.assign(named("UserCodeSyntaxError", String(error)), { stack: error.stack });
  if (error instanceof Error && "code" in error && error.code === "MODULE_NOT_FOUND") return named("ImportModuleError", String(error));
  return error;
}

function exportOf(exports: unknown, path: string, handler: string): unknown {
  const found = valueAt(exports, path) ?? valueAt(defaultOf(exports), path);
  if (found === undefined || found === null) throw named("HandlerNotFound", `${handler} is undefined or not exported`);
  if (typeof found !== "function") throw named("HandlerNotFound", `${handler} is not a function`);
  return found;
}

function defaultOf(exports: unknown): unknown {
  return typeof exports === "object" && exports !== null && "default" in exports ? exports.default : undefined;
}

function valueAt(value: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((at, key) => (isContainer(at) ? at[key] : undefined), value);
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

function named(name: string, message: string): Error {
  const error = new Error(message);
  error.name = `Runtime.${name}`;
  // The stack was made with the first name.
  error.stack = `${error.name}: ${message}\n${(error.stack ?? "").split("\n").slice(message.split("\n").length).join("\n")}`;
  return error;
}
