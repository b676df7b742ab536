/** Evaluates a function's bundle in CommonJS form, from memory. It can require only Node's own modules. */
import { isBuiltin } from "node:module";
import { compileFunction, constants } from "node:vm";

/** @returns module.exports @throws what the code throws */
export function evaluateCommonJs(name: string, code: string): unknown {
  const filename = `/app/${name}.cjs`;
  const module = { exports: {}, id: filename, filename, loaded: false, children: [], paths: [], require: requireBuiltin };
  const evaluate = compileFunction(code, ["exports", "require", "module", "__filename", "__dirname"], {
    filename,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  evaluate.call(module.exports, module.exports, requireBuiltin, module, filename, "/app");
  module.loaded = true;
  return module.exports;
}

function requireBuiltin(id: string): unknown {
  if (isBuiltin(id)) return process.getBuiltinModule(id);
  throw Object.assign(new Error(`Cannot find module '${id}'`), { code: "MODULE_NOT_FOUND" });
}

// Bundled code often reads this property.
requireBuiltin.cache = {};
requireBuiltin.extensions = {};
requireBuiltin.main = undefined;
requireBuiltin.resolve = (id: string): string => {
  requireBuiltin(id);
  return id;
};
