/** Turns a folder with mayfly.json into what a deploy uploads. */
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../base/config/load.ts";
import { type AppRuntime, usualRuntime } from "../base/kind/machine-kind.ts";
import { refuseTooLarge } from "../store/catalog/code-limit.ts";
import type { AppFolder, Surroundings } from "./app-folder.ts";
import { bundleNode } from "./bundle-node.ts";
import type { BundledApp } from "./bundled-app.ts";
import { bundleJava } from "./java/bundle-java.ts";
import { bundlePrograms } from "./programs/bundle-programs.ts";
import { bundlePython } from "./python/bundle-python.ts";
import { readManifest } from "./read-manifest.ts";

export type { BundledApp } from "./bundled-app.ts";

type Bundler = (folder: AppFolder, surroundings: Surroundings) => Promise<Omit<BundledApp, "manifest">>;

const bundlers: Record<AppRuntime, Bundler> = {
  node: bundleNode,
  python: bundlePython,
  java: bundleJava,
  provided: (folder, surroundings) => bundlePrograms(folder, "provided", surroundings),
  server: (folder, surroundings) => bundlePrograms(folder, "server", surroundings),
};

function usualSurroundings(): Surroundings {
  return { cacheDir: cacheFolder(), progress: () => undefined };
}

/**
 * The same sources give the same bytes, wherever the folder lies. Throws "bad-manifest", "build-failed", "native-addon" or
 * "code-too-large".
 */
export async function bundleApp(dir: string, surroundings: Surroundings = usualSurroundings()): Promise<BundledApp> {
  const manifest = readManifest(dir);
  const { runtime = usualRuntime } = manifest;
  const folder: AppFolder = { manifest, root: realpathSync(dir), file: join(dir, "mayfly.json") };
  const bundled = await bundlers[runtime](folder, surroundings);
  refuseTooLarge(bundled.bundles.flatMap(({ code }) => (code instanceof Blob ? [] : [code.byteLength])));
  return { manifest, ...bundled };
}
