/** Turns a folder with mayfly.json into what a deploy uploads. */
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../base/config/load.ts";
import { type AppRuntime, isProgramRuntime } from "../base/kind/machine-kind.ts";
import { refuseTooLarge } from "../store/catalog/code-limit.ts";
import type { Manifest } from "../store/catalog/manifest.ts";
import { type PartManifest, partsOf } from "../store/catalog/parts.ts";
import type { AppFolder, Surroundings } from "./app-folder.ts";
import { bundleNode } from "./bundle-node.ts";
import type { BundledApp, BundledPart } from "./bundled-app.ts";
import { bundleJava } from "./java/bundle-java.ts";
import { mergeParts } from "./merge-parts.ts";
import { bundlePrograms } from "./programs/bundle-programs.ts";
import { bundlePython } from "./python/bundle-python.ts";
import { readManifest } from "./read-manifest.ts";

export type { BundledApp } from "./bundled-app.ts";

type Bundler = (folder: AppFolder, surroundings: Surroundings) => Promise<BundledPart>;

const bundlers: Record<AppRuntime, Bundler> = {
  node: bundleNode,
  python: bundlePython,
  java: bundleJava,
  provided: bundlePrograms,
  server: bundlePrograms,
  "server-java": bundlePrograms,
  "server-python": bundlePrograms,
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
  const [root, file] = [realpathSync(dir), join(dir, "mayfly.json")];
  const parts = partsOf(manifest);
  const someTakePackages = parts.some(takesPackages);
  const bundledParts: BundledPart[] = [];
  for (const part of parts) {
    const folder = { manifest: someTakePackages && !takesPackages(part) ? withoutPackages(part) : part, root, file };
    bundledParts.push(await bundlers[part.runtime](folder, surroundings));
  }
  const { commands = [], ...bundled } = await mergeParts(bundledParts, manifest, file);
  refuseTooLarge(bundled.bundles.flatMap(({ code }) => (code instanceof Blob ? [] : [code.byteLength])));
  return { manifest: withCommands(manifest, new Map(commands)), ...bundled };
}

function withCommands(manifest: Manifest, commands: ReadonlyMap<string, string[]>): Manifest {
  const functions = Object.entries(manifest.functions).map(([name, own]) => {
    const command = commands.get(name);
    return [name, command === undefined ? own : { ...own, command }] as const;
  });
  return { ...manifest, functions: Object.fromEntries(functions) };
}

/** Whether the part may have npm packages, which `external` names. Others refuse them, unless they are for another part. */
function takesPackages({ runtime }: { runtime: AppRuntime }): boolean {
  return runtime === "node" || isProgramRuntime(runtime);
}

function withoutPackages(part: PartManifest): PartManifest {
  const { external: _, ...rest } = part;
  return rest;
}
