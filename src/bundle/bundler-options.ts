/** How esbuild is told to bundle a function. */
import { pathToFileURL } from "node:url";
import type { BuildOptions, Plugin } from "esbuild";
import type { FunctionSource } from "./function-source.ts";
import { TASK_ROOT_EXPRESSION } from "./source/places.ts";

/**
 * Names are not shortened and the source map is inline, so that stack traces show the user's own files, names and lines. The map contains
 * no copy of the sources. Measured with Hono (in parentheses: Hono with zod) on Node 26: unminified 61 kB (816 kB), without white space 34
 * kB (616 kB), without white space but with the map 76 kB (1,157 kB); evaluated in 3.0, 2.1 and 2.8 ms (42, 37 and 39 ms). So the map costs
 * less time than removing the white space saves.
 */
export function options({ root, name, debuggable = false }: FunctionSource, plugins: Plugin[]): BuildOptions {
  return {
    absWorkingDir: root,
    outfile: `${name}.js`,
    bundle: true,
    platform: "node",
    target: "node26",
    charset: "utf8",
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    sourcemap: "inline",
    sourcesContent: debuggable,
    ...(debuggable && { sourceRoot: pathToFileURL(`${root}/`).href }),
    loader: { ".wasm": "binary", ".bin": "binary", ".txt": "text", ".html": "text" },
    plugins,
    logLevel: "silent",
  };
}

/** Options for the first pass; its output is never run. */
export function survey(source: FunctionSource): BuildOptions {
  return { ...asModule(source), define: {}, minifyWhitespace: false, sourcemap: "external" };
}

/**
 * An ES module's exports are assigned by a line of Mayfly's. esbuild's own way needs five helper functions, which an emulated machine
 * compiles for 40 ms before its first reply.
 */
export function asScript({ root, name, entry }: FunctionSource, exports: string[] | undefined): BuildOptions {
  const form: BuildOptions = { format: "cjs", define: placesOf(`${name}.cjs`) };
  if (exports === undefined) return { ...form, entryPoints: [`./${entry}`] };
  const names = exports.map((each, at) => ({ name: JSON.stringify(each), local: `export${at}` }));
  const imports = names.map(({ name, local }) => `${name} as ${local}`).join();
  const handed = names.map(({ name, local }) => `${name}:${local}`).join();
  const contents = `"use strict";import{${imports}}from${JSON.stringify(`./${entry}`)};module.exports={${handed}};`;
  return { ...form, stdin: { contents, resolveDir: root, sourcefile: "exports", loader: "js" } };
}

/** Bundled CommonJS packages call require() for Node's own modules, but ES modules have no require(). */
export function asModule({ name, entry }: FunctionSource): BuildOptions {
  // Defined as a property of the global object, because the code may declare a `require` of its own.
  const require = `import{createRequire as mayflyCreateRequire}from"node:module";Object.defineProperty(globalThis,"require",{value:mayflyCreateRequire(${TASK_ROOT_EXPRESSION}+"/${name}.mjs"),configurable:true,writable:true});`;
  return { format: "esm", entryPoints: [`./${entry}`], define: placesOf(`${name}.mjs`), banner: { js: require } };
}

/** For files that our parser does not understand and that were therefore not rewritten: they get the bundle's path as theirs. */
function placesOf(file: string): Record<string, string> {
  // A definition may not be a sum, so these two have the task root that most machines have.
  const usual = `/var/task/${file}`;
  return {
    __dirname: TASK_ROOT_EXPRESSION,
    __filename: JSON.stringify(usual),
    "import.meta.url": JSON.stringify(`file://${usual}`),
    "import.meta.filename": JSON.stringify(usual),
    "import.meta.dirname": TASK_ROOT_EXPRESSION,
    "import.meta.main": "false",
  };
}
