/**
 * esbuild, whose service is a process that Ctrl-C on a terminal does not reach: it ends with Mayfly, and not before. All rooms get esbuild's functions here, because they
 * share that one process.
 */
import { createRequire } from "node:module";
import { join } from "node:path";

type Esbuild = typeof import("esbuild");

const require = createRequire(import.meta.url);
const apart = join(import.meta.dirname, "apart");
let loaded: Esbuild | undefined;

export const build = ((options) => starting((esbuild) => esbuild.build(options))) as Esbuild["build"];
export const context = ((options) => starting((esbuild) => esbuild.context(options))) as Esbuild["context"];

/** The first call starts the process, before it returns. What the process is to be told stands in the environment only until then, because other processes inherit it. */
function starting<T>(use: (esbuild: Esbuild) => T): T {
  const own = process.env["ESBUILD_BINARY_PATH"];
  process.env["MAYFLY_ESBUILD"] = own ?? shippedBinary();
  process.env["ESBUILD_BINARY_PATH"] = apart;
  try {
    // esbuild reads the path when it is loaded.
    loaded ??= require("esbuild") as Esbuild;
    return use(loaded);
  } finally {
    delete process.env["MAYFLY_ESBUILD"];
    if (own === undefined) delete process.env["ESBUILD_BINARY_PATH"];
    else process.env["ESBUILD_BINARY_PATH"] = own;
  }
}

function shippedBinary(): string {
  return createRequire(require.resolve("esbuild")).resolve(`@esbuild/${process.platform}-${process.arch}/bin/esbuild`);
}
