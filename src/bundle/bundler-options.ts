/** How esbuild is told to bundle a function. */
import type { BuildOptions, Plugin } from "esbuild";
import type { FunctionSource } from "./function-source.ts";

/**
 * Names are not shortened and the map is inline, so that stacks show the user's own files, names and lines; the map carries no copy of the
 * sources. Measured with Hono (and Hono with zod) on Node 26: as written 61 kB (816 kB), without
 * white space 34 kB (616 kB), with the map 76 kB (1,157 kB); evaluated in 3.0, 2.1, 2.8 ms (42, 37, 39 ms). So the map costs less than
 * the white space did.
 */
export function options({ root, name }: FunctionSource, plugins: Plugin[]): BuildOptions {
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
    sourcesContent: false,
    loader: { ".wasm": "binary", ".bin": "binary", ".txt": "text", ".html": "text" },
    plugins,
    logLevel: "silent",
  };
}

/** The first look at what there is: nobody runs what comes of it. */
export function survey(source: FunctionSource): BuildOptions {
  return { ...asModule(source), define: {}, minifyWhitespace: false, sourcemap: "external" };
}

/**
 * An ES module's exports are handed over by a line of ours. esbuild's own way takes five helpers, which a machine under emulation
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

/** Bundled CommonJS packages call require() for Node's own modules, which ES modules lack. */
export function asModule({ name, entry }: FunctionSource): BuildOptions {
  // As a property, since the code may well declare a `require` of its own.
  const require = `import{createRequire as mayflyCreateRequire}from"node:module";Object.defineProperty(globalThis,"require",{value:mayflyCreateRequire("file:///app/${name}.mjs"),configurable:true,writable:true});`;
  return { format: "esm", entryPoints: [`./${entry}`], define: placesOf(`${name}.mjs`), banner: { js: require } };
}

/** For files that could not be rewritten each for itself, as our parser does not understand them: where the bundle is. */
function placesOf(file: string): Record<string, string> {
  return {
    __dirname: JSON.stringify("/app"),
    __filename: JSON.stringify(`/app/${file}`),
    "import.meta.url": JSON.stringify(`file:///app/${file}`),
    "import.meta.filename": JSON.stringify(`/app/${file}`),
    "import.meta.dirname": JSON.stringify("/app"),
    "import.meta.main": "false",
  };
}
