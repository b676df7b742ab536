/**
 * Files that the code reads at run time: those that the app's own code names by literals travel with it, and what is not in the machine is warned
 * about, in one sentence for each place in the app, or for each package.
 */
import { existsSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { isWithin } from "./files/matched.ts";
import { mayTravel } from "./files/named.ts";
import type { Shipped } from "./function-source.ts";
import { knownPackages } from "./packages/known-packages.ts";
import { ownerOf } from "./packages/package-file.ts";
import { ownReads } from "./source/own-reads.ts";
import { type Read, packageReads } from "./source/package-reads.ts";
import { type SourceFile, isScript, parseFile, placeOf } from "./source/parse.ts";
import { pinoTransports } from "./source/pino-transports.ts";
import type { Source, Sources } from "./source/sources.ts";

/** At most this many places in the app's own code are reported. */
const SHOWN = 10;

/** @param root the app's folder @param inputs the absolute paths of all files in the bundle @returns files by their absolute paths */
export function namedFiles(sources: Sources, root: string, inputs: Set<string>, shipped: Shipped): { named: string[]; warnings: string[] } {
  const isInBundle = new Set([...inputs].map(ownerOf));
  const ofApp = sources.looked.filter(({ owner }) => owner === undefined).map((source) => ({ source, reads: ownReads(source, root) }));
  const travels = ({ path }: Read) => path !== undefined && mayTravel(path, root);
  const named = ofApp.flatMap(({ reads }) => reads.filter(travels).map(({ path }) => path!));
  const own = ofApp.flatMap(({ source, reads }) => {
    const lacking = reads.filter((read) => !travels(read) && !isShipped(read, shipped.files));
    return ofTheApp(source, lacking, root, isInBundle);
  });
  const owners = Map.groupBy(
    sources.looked.filter(({ owner }) => owner !== undefined),
    ({ owner }) => owner!,
  );
  const packages = [...owners].flatMap(([owner, all]) => ofPackage(owner, all, root, inputs));
  const more = own.length > SHOWN ? [`${own.length - SHOWN} more places read files that are not in the machine`] : [];
  return { named, warnings: [...own.slice(0, SHOWN), ...more, ...packages, ...settings(isInBundle, root, shipped.files)] };
}

/** A folder counts as shipped with any file in it, and a name that is known only at run time with any file at all: the manifest's author chose them. */
function isShipped({ path }: Read, files: ReadonlySet<string>): boolean {
  if (path === undefined) return files.size > 0;
  return files.has(path) || files.values().some((each) => isWithin(each, path.replace(/\/$/, "")));
}

function ofTheApp(source: Source, lacking: Read[], root: string, packages: Set<string | undefined>): string[] {
  const workers = packages.has("pino") ? pinoTransports(source) : [];
  const transports = workers.map(
    (at) =>
      `a transport of pino is a worker with files of its own, which are not in the machine: log to stdout, or to a stream, or name pino in \`external\` of mayfly.json (${relative(root, source.path)}:${placeOf(source, at)})`,
  );
  return [...lacking.map((read) => lackingRead(source, read, root)), ...transports];
}

function lackingRead(source: SourceFile, { position, path }: Read, root: string): string {
  const at = `${relative(root, source.path)}:${placeOf(source, position)}`;
  if (path === undefined)
    return `a file beside the code is named here (${at}), and its name is known only at run time: name what it may be in \`files\` of mayfly.json`;
  const what = relative(root, path);
  const glob = statSync(path).isDirectory() ? join(what, "**") : what;
  return `${what || "the folder"} is named here (${at}), but it is not in the machine: name it in \`files\` of mayfly.json, as "${glob}"`;
}

/** What scripts that travel as they are name of the folder, and that does not travel. @param shipped absolute paths of all files that do */
export function unshippedReads(scripts: string[], root: string, shipped: ReadonlySet<string>): string[] {
  const warnings = scripts.flatMap((path) => {
    const file = isScript(path) ? parseFile(path) : undefined;
    if (file === undefined) return [];
    return ownReads(file, root).flatMap((read) => (isShipped(read, shipped) ? [] : [lackingRead(file, read, root)]));
  });
  return warnings.slice(0, SHOWN);
}

function ofPackage(owner: string, sources: Source[], root: string, inputs: Set<string>): string[] {
  if (knownPackages.get(owner)?.quiet) return [];
  const isNews = ({ path }: Read) => path === undefined || !inputs.has(path);
  for (const source of sources) {
    const first = packageReads(source).find(isNews);
    if (!first) continue;
    const what = first.path === undefined ? "files of its own folder" : relative(root, first.path);
    const at = `${relative(root, source.path)}:${placeOf(source, first.position)}`;
    return [
      `the package ${owner} reads ${what} (${at}), which is not in the machine: what needs that fails, unless ${owner} is named in \`external\` of mayfly.json`,
    ];
  }
  return [];
}

/** Settings files that packages look for in the working directory. */
function settings(owners: Set<string | undefined>, root: string, files: ReadonlySet<string>): string[] {
  const found: string[] = [];
  for (const owner of owners) {
    const { warning } = knownPackages.get(owner ?? "") ?? {};
    if (warning !== undefined) found.push(`${owner}: ${warning}`);
  }
  if (existsSync(join(root, ".env")) && owners.has("dotenv") && !files.has(join(root, ".env")))
    found.push(
      ".env is not in the machine, so dotenv reads nothing: put its values in `env` of mayfly.json, or set them with `mayfly secret set`",
    );
  if (existsSync(join(root, "config")) && owners.has("config") && !isShipped({ position: 0, path: join(root, "config") }, files))
    found.push(
      'the folder config is not in the machine, so the package config finds no settings: name it in `files` of mayfly.json, as "config/**", or use `env`',
    );
  return found;
}
