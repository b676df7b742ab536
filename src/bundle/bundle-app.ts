/** Turns a folder with mayfly.json, or the folders in which the functions of another tool's file are, into what a deploy uploads. */
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../base/config/load.ts";
import { type AppRuntime, isProgramRuntime } from "../base/kind/machine-kind.ts";
import { refuseTooLarge } from "../store/catalog/code-limit.ts";
import type { Manifest } from "../store/catalog/manifest.ts";
import { type PartManifest, partsOf } from "../store/catalog/parts.ts";
import { UnreadFiles } from "../store/catalog/unread-files.ts";
import type { AppFolder, Surroundings } from "./app-folder.ts";
import { bundleNode } from "./bundle-node.ts";
import type { BundledApp, BundledPart } from "./bundled-app.ts";
import { bundleStatic } from "./bundle-static.ts";
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
  const root = realpathSync(dir);
  return bundleParts(
    manifest,
    partsOf(manifest).map((part) => ({ part, root })),
    join(dir, "mayfly.json"),
    surroundings,
    root,
  );
}

/** Some functions of an app, and the folder in which their code is. */
export interface CodeFolder {
  /** The folder's real path. Machines have the files of all folders at one place, the task root. */
  root: string;
  /** The functions' names. */
  functions: string[];
  /** Globs below the folder, as `files` of a manifest has them. */
  files: string[];
}

/**
 * Bundles an app whose functions are in several folders. @param manifest with entries relative to those folders @param folders of which each has functions that no other
 * has @param file what the manifest is made of, for errors. Throws as bundleApp() does.
 */
export async function bundleFolders(
  manifest: Manifest,
  folders: CodeFolder[],
  file: string,
  surroundings: Surroundings = usualSurroundings(),
): Promise<BundledApp> {
  const parts = folders.flatMap(({ root, functions, files }) => {
    const own = Object.fromEntries(functions.map((name) => [name, manifest.functions[name]!]));
    return partsOf({ ...manifest, functions: own, files: files.length > 0 ? files : undefined }).map((part) => ({ part, root }));
  });
  return bundleParts(manifest, parts, file, surroundings);
}

interface PartIn {
  part: PartManifest;
  root: string;
}

/** @param staticRoot the folder in which the folder of static files is; undefined if there can be none */
async function bundleParts(
  manifest: Manifest,
  parts: PartIn[],
  file: string,
  surroundings: Surroundings,
  staticRoot?: string,
): Promise<BundledApp> {
  const someTakePackages = parts.some(({ part }) => takesPackages(part));
  const bundledParts: BundledPart[] = [];
  for (const { part, root } of parts) {
    const folder = { manifest: someTakePackages && !takesPackages(part) ? withoutPackages(part) : part, root, file };
    bundledParts.push(await bundlers[part.runtime](folder, surroundings));
  }
  if (manifest.static !== undefined && staticRoot !== undefined)
    bundledParts.push(await bundleStatic(manifest.static, manifest.fallback, staticRoot, file));
  const { commands = [], ...bundled } = mergeParts(bundledParts, manifest, file);
  refuseTooLarge(bundled.bundles.flatMap(({ code }) => (code instanceof UnreadFiles ? [] : [code.byteLength])));
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
