/**
 * Packages that are required by a computed name: `require(name)` in sequelize, typeorm or express. Plain Node would find any package that
 * the app has installed. In a bundle, it finds those of the app's own dependencies whose names occur as text in the requiring package's
 * code or in the app's.
 */
import { isBuiltin } from "node:module";
import type { Plugin } from "esbuild";
import { type PackageFile, packageName } from "./package-file.ts";

export const REGISTRY = "mayfly:packages";
const NAMESPACE = "mayfly-registry";
const literal = /(["'`])((?:@[\w.-]+\/)?[a-z][\w.-]*(?:\/[\w./-]+)?)\1/g;

/** @param texts the contents of files that may contain such names @returns specifiers */
export function namedIn(texts: Iterable<string>, own: PackageFile | undefined): string[] {
  const known = { ...own?.dependencies, ...own?.optionalDependencies };
  const found = new Set<string>();
  for (const text of texts)
    for (const [, , specifier = ""] of text.matchAll(literal))
      if (Object.hasOwn(known, packageName(specifier)) && !isBuiltin(specifier)) found.add(specifier);
  return [...found].toSorted();
}

export function registry(root: string, specifiers: string[]): Plugin {
  return {
    name: "registry",
    setup(build) {
      build.onResolve({ filter: new RegExp(`^${REGISTRY}$`) }, () => ({ path: REGISTRY, namespace: NAMESPACE }));
      build.onLoad({ filter: /.*/, namespace: NAMESPACE }, () => ({ contents: moduleOf(specifiers), resolveDir: root, loader: "js" }));
    },
  };
}

/** Each package is evaluated only when it is first requested. */
function moduleOf(specifiers: string[]): string {
  const entries = specifiers.map(
    (name) => `[${JSON.stringify(name)}, [() => require(${JSON.stringify(name)}), () => import(${JSON.stringify(name)})]]`,
  );
  return `const packages = new Map([${entries.join()}]);
    module.exports = (name) => packages.has(name) ? packages.get(name)[0]() : require(name);
    module.exports.load = async (name) => packages.has(name) ? packages.get(name)[1]() : import(name);`;
}
