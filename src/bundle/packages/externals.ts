/** Keeps packages that are shipped as they are out of the bundle: the code asks for them when it runs. */
import type { OnResolveArgs, Plugin } from "esbuild";
import { isBare, packageName } from "./package-file.ts";

export function externals(names: ReadonlySet<string>): Plugin {
  return {
    name: "externals",
    setup(build) {
      if (names.size === 0) return;
      build.onResolve({ filter: /^[^./#]/ }, ({ path }: OnResolveArgs) =>
        isBare(path) && names.has(packageName(path)) ? { path, external: true } : undefined,
      );
    },
  };
}
