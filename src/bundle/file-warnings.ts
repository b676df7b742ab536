/**
 * Warns about files that the code reads at run time but that are not in the machine: one sentence for each place in the app, or for each
 * package.
 */
import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { knownPackages } from "./packages/known-packages.ts";
import { ownerOf } from "./packages/package-file.ts";
import { ownReads } from "./source/own-reads.ts";
import { type Read, packageReads } from "./source/package-reads.ts";
import { placeOf } from "./source/parse.ts";
import { pinoTransports } from "./source/pino-transports.ts";
import type { Source, Sources } from "./source/sources.ts";

/** At most this many places in the app's own code are reported. */
const SHOWN = 10;

/** @param root the app's folder @param inputs the absolute paths of all files in the bundle */
export function fileWarnings(sources: Sources, root: string, inputs: Set<string>): string[] {
  const isInBundle = new Set([...inputs].map(ownerOf));
  const own = sources.looked.filter(({ owner }) => owner === undefined).flatMap((source) => ofTheApp(source, root, isInBundle));
  const owners = Map.groupBy(
    sources.looked.filter(({ owner }) => owner !== undefined),
    ({ owner }) => owner!,
  );
  const packages = [...owners].flatMap(([owner, all]) => ofPackage(owner, all, root, inputs));
  const more = own.length > SHOWN ? [`${own.length - SHOWN} more places read files that are not in the machine`] : [];
  return [...own.slice(0, SHOWN), ...more, ...packages, ...settings(isInBundle, root)];
}

function ofTheApp(source: Source, root: string, packages: Set<string | undefined>): string[] {
  const workers = packages.has("pino") ? pinoTransports(source) : [];
  const transports = workers.map(
    (at) =>
      `a transport of pino is a worker with files of its own, which are not in the machine: log to stdout, or to a stream (${relative(root, source.path)}:${placeOf(source, at)})`,
  );
  const reads = ownReads(source, root).map(({ position, path }) => {
    const what = path === undefined ? "a file beside the code" : relative(root, path) || "the folder";
    return `${what} is named here (${relative(root, source.path)}:${placeOf(source, position)}), but only what is imported is in the machine: import a file as \`import text from "./file" with { type: "text" }\`, or as "bytes"`;
  });
  return [...reads, ...transports];
}

function ofPackage(owner: string, sources: Source[], root: string, inputs: Set<string>): string[] {
  if (knownPackages.get(owner)?.quiet) return [];
  const isNews = ({ path }: Read) => path === undefined || !inputs.has(path);
  for (const source of sources) {
    const first = packageReads(source).find(isNews);
    if (!first) continue;
    const what = first.path === undefined ? "files of its own folder" : relative(root, first.path);
    const at = `${relative(root, source.path)}:${placeOf(source, first.position)}`;
    return [`the package ${owner} reads ${what} (${at}), which is not in the machine: what needs that fails`];
  }
  return [];
}

/** Settings files that packages look for in the working directory. */
function settings(owners: Set<string | undefined>, root: string): string[] {
  const found: string[] = [];
  for (const owner of owners) {
    const { warning } = knownPackages.get(owner ?? "") ?? {};
    if (warning !== undefined) found.push(`${owner}: ${warning}`);
  }
  if (existsSync(join(root, ".env")) && owners.has("dotenv"))
    found.push(
      ".env is not in the machine, so dotenv reads nothing: put its values in `env` of mayfly.json, or set them with `mayfly secret set`",
    );
  if (existsSync(join(root, "config")) && owners.has("config"))
    found.push(
      "the folder config is not in the machine, so the package config finds no settings: import them as JSON, or use `env` of mayfly.json",
    );
  return found;
}
