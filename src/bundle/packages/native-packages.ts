/** Which packages contain machine code, and which others do the same without. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type PackageFile, packageName } from "./package-file.ts";

/** Packages that look for a .node file at run time, or build it. */
export const LOADERS = [
  "bindings",
  "node-gyp-build",
  "node-gyp-build-optional-packages",
  "node-pre-gyp",
  "@mapbox/node-pre-gyp",
  "pkg-prebuilds",
  "prebuild-install",
];
const HEADERS = new Set(["nan", "node-addon-api"]);

/** Matches a package with the binaries of one platform: @img/sharp-linux-x64, @node-rs/argon2-darwin-arm64, lightningcss-linux-x64-gnu. */
export const platformPackage = /[-/.](linux|darwin|win32|freebsd)-?(x64|arm64|ia32|arm|64)(-|$)/;

/** Whether the package is only a thin wrapper around binaries, so that nothing works without the platform's binary. */
export function isOnlyNative(found: PackageFile): boolean {
  return Object.keys(found.optionalDependencies ?? {}).some((name) => platformPackage.test(name));
}

/** Whether the package contains machine code; some such packages work without it, more slowly. */
export function hasNative(found: PackageFile): boolean {
  const needed = Object.keys(found.dependencies ?? {});
  return (
    isOnlyNative(found) ||
    found.gypfile === true ||
    found.binary?.module_name !== undefined ||
    found.binary?.napi_versions !== undefined ||
    needed.some((name) => LOADERS.includes(name) || HEADERS.has(name)) ||
    existsSync(join(found.folder, "binding.gyp"))
  );
}

/** What to do instead, as the end of a sentence; undefined if nothing is known. */
export function insteadOf(specifier: string): string | undefined {
  return instead.get(packageName(specifier));
}

const SQLITE = "Node's own node:sqlite";
const IMAGES = "jimp, or @resvg/resvg-wasm to draw SVG";
const instead = new Map<string, string>([
  ["@duckdb/node-api", "@duckdb/duckdb-wasm"],
  ["@libsql/client", "@libsql/client/web"],
  ["@napi-rs/canvas", IMAGES],
  ["@node-rs/argon2", "hash-wasm"],
  ["@node-rs/bcrypt", "bcryptjs"],
  ["@node-rs/jsonwebtoken", "jose"],
  ["@node-rs/xxhash", "hash-wasm"],
  ["@parcel/watcher", "fs.watch of Node"],
  ["@resvg/resvg-js", "@resvg/resvg-wasm"],
  ["@swc/core", "@swc/wasm"],
  ["@tensorflow/tfjs-node", "@tensorflow/tfjs"],
  ["argon2", "hash-wasm"],
  ["bcrypt", "bcryptjs, which has the same functions"],
  ["better-sqlite3", SQLITE],
  ["canvas", IMAGES],
  ["classic-level", "memory-level"],
  ["duckdb", "@duckdb/duckdb-wasm"],
  ["esbuild", "esbuild-wasm"],
  ["heapdump", "writeHeapSnapshot of Node's node:v8"],
  ["iconv", "iconv-lite"],
  ["leveldown", "memory-level"],
  ["libsql", "@libsql/client/web"],
  ["libxmljs", "fast-xml-parser"],
  ["libxmljs2", "fast-xml-parser"],
  ["lightningcss", "lightningcss-wasm"],
  ["msnodesqlv8", "tedious"],
  ["node-expat", "saxes"],
  ["node-rdkafka", "kafkajs"],
  ["node-sass", "sass"],
  ["nodegit", "isomorphic-git"],
  ["onnxruntime-node", "onnxruntime-web"],
  ["pg-native", "pg"],
  ["re2", "re2js"],
  ["rollup", "@rollup/wasm-node"],
  ["sass-embedded", "sass"],
  ["sharp", "jimp, or the WebAssembly codecs of @jsquash"],
  ["skia-canvas", IMAGES],
  ["snappy", "snappyjs"],
  ["sodium-native", "libsodium-wrappers"],
  ["sqlite3", SQLITE],
  ["tree-sitter", "web-tree-sitter"],
  ["xxhash-addon", "hash-wasm"],
]);
