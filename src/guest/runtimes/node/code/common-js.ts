/** Evaluates a function's bundle in CommonJS form, from memory. It can require Node's own modules, and what lies below the task root. */
import { createRequire, isBuiltin } from "node:module";
import { join } from "node:path";
import { compileFunction, constants } from "node:vm";
import { taskRoot } from "../../../agent/files/task-root.ts";

/** @returns module.exports @throws what the code throws */
export function evaluateCommonJs(name: string, code: string): unknown {
  // import() in the code looks for packages from here, too.
  const filename = join(taskRoot, `${name}.cjs`);
  const module = { exports: {}, id: filename, filename, loaded: false, children: [], paths: [], require: requireHere };
  const evaluate = compileFunction(code, ["exports", "require", "module", "__filename", "__dirname"], {
    filename,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  evaluate.call(module.exports, module.exports, requireHere, module, filename, taskRoot);
  module.loaded = true;
  return module.exports;
}

let fromTaskRoot: NodeJS.Require | undefined;

/** Made only when it is needed, which it is by apps with packages of their own in node_modules. */
function requireFromTaskRoot(): NodeJS.Require {
  return (fromTaskRoot ??= createRequire(join(taskRoot, "function.cjs")));
}

function requireHere(id: string): unknown {
  return isBuiltin(id) ? process.getBuiltinModule(id) : requireFromTaskRoot()(id);
}

// Bundled code often reads this property.
requireHere.cache = {};
requireHere.extensions = {};
requireHere.main = undefined;
requireHere.resolve = (id: string, options?: { paths?: string[] }): string =>
  isBuiltin(id) ? id : requireFromTaskRoot().resolve(id, options);
