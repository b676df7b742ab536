/** Bundles the same app again and again, as its files change: quicker from the second time on. */
import { RememberingBuilder } from "./builder.ts";
import { type BundledApp, bundleApp } from "./bundle-app.ts";
import type { Surroundings } from "./app-folder.ts";
import { ResidentCompiler } from "./java/resident-compiler.ts";
import { ownerOf } from "./packages/package-file.ts";
import { Surveys } from "./surveys.ts";
import { KeptPackages } from "./python/kept-packages.ts";
import { ResidentPython } from "./python/resident-python.ts";

export type { BundledApp } from "./bundle-app.ts";

export interface AgainBundler {
  /** As bundleApp() does: the bytes are the same. */
  bundle(): Promise<BundledApp>;
  /** Absolute paths of the files that the last bundles are made of, of Node's functions. */
  inputs(): Set<string>;
  /** Absolute paths of files outside of the app's folder, other than of packages, that the last bundles are made of. */
  filesOutside(): string[];
  close(): Promise<void>;
}

/** @param dir the real path of the app's folder */
export function createAgainBundler(
  dir: string,
  surroundings: Omit<Surroundings, "builder" | "surveys" | "compiler" | "packages" | "python">,
): AgainBundler {
  const builder = new RememberingBuilder();
  const compiler = new ResidentCompiler();
  const packages = new KeptPackages();
  const python = new ResidentPython();
  const surveys = new Surveys();
  return {
    bundle: () => bundleApp(dir, { ...surroundings, builder: builder.build, surveys, compiler, packages, python }),
    inputs: () => builder.inputs(),
    filesOutside: () => [...builder.inputs()].filter((path) => !path.startsWith(`${dir}/`) && ownerOf(path) === undefined),
    async close() {
      compiler.close();
      python.close();
      await Promise.all([builder.dispose(), packages.close()]);
    },
  };
}
