/**
 * Keeps the files that the server writes apart: a folder or file named by one setting must be neither the folder or file of another
 * setting, nor inside it.
 */
import { lstatSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { MayflyError } from "../errors/error.ts";
import type { Config } from "./schema.ts";

interface Place {
  /** The setting's key. */
  key: string;
  path: string;
  /** The place itself, then every folder that contains it, up to the root. */
  chain: string[];
}

/**
 * Throws "bad-config". Compares the real places: symbolic links and folders mounted in two places are resolved first.
 *
 * @param file the settings file itself, absolute
 */
export function refuseSharedPlaces({ stateDir, cacheDir, runDir, record, tls, osvKernel }: Config, file: string | undefined): void {
  const folders = [placeOf("stateDir", stateDir), placeOf("cacheDir", cacheDir)];
  for (const folder of [placeOf("cacheDir", cacheDir), placeOf("runDir", runDir)]) {
    // If the host has no folder for runtime files, the run folder lies inside the state folder by design.
    if (folder.key === "runDir" && isSame(folder, placeOf("", join(stateDir, "run")))) continue;
    for (const other of folders) if (other.key !== folder.key) refuseFolder(folder, other);
  }
  if (record === undefined) return;
  const recording = placeOf("record", record);
  for (const folder of [...folders, placeOf("runDir", runDir)]) refuseInside(recording, folder);
  const read = { "tls.cert": tls?.cert, "tls.key": tls?.key, osvKernel, "--config": file };
  for (const [key, path] of Object.entries(read)) if (path !== undefined) refuseFile(recording, placeOf(key, path));
}

function refuseFolder(folder: Place, other: Place): void {
  const how = isSame(folder, other) ? "is" : isWithin(folder, other) ? "is in" : isWithin(other, folder) ? "has in it" : undefined;
  if (how !== undefined) refuse(folder, `${how} the folder of ${other.key} (${other.path}); name a folder that nothing else uses`);
}

function refuseInside(recording: Place, folder: Place): void {
  if (isWithin(recording, folder)) refuse(recording, `is in the folder of ${folder.key} (${folder.path}); name a file elsewhere`);
}

function refuseFile(recording: Place, other: Place): void {
  if (isSame(recording, other)) refuse(recording, `is the file of ${other.key}, and would be overwritten; name another file`);
}

function refuse({ key, path }: Place, what: string): never {
  throw new MayflyError("bad-config", { key, what: `names ${path}, which ${what}` });
}

function isSame(one: Place, other: Place): boolean {
  return one.chain[0] === other.chain[0];
}

/** A place counts as inside itself. */
function isWithin(place: Place, folder: Place): boolean {
  return place.chain.includes(folder.chain[0]!);
}

function placeOf(key: string, path: string): Place {
  const chain: string[] = [];
  for (let at = followed(resolve(path)); ; at = dirname(at)) {
    chain.push(identity(at));
    if (at === dirname(at)) return { key, path, chain };
  }
}

/** Files that exist are identified by device and inode, so that two names of the same file are equal. */
function identity(path: string): string {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return path; // the file is missing or not readable: whoever opens it later reports that
  }
}

/** Linux itself follows at most this many. */
const MOST_LINKS = 40;

/** The path with all links resolved. Its last part may be missing, or may be a link to something missing. */
export function followed(path: string, links = 0): string {
  try {
    return realpathSync(path);
  } catch {
    if (path === dirname(path) || links > MOST_LINKS) return path;
    const folder = followed(dirname(path), links);
    const name = join(folder, basename(path));
    return isLink(name) ? followed(resolve(folder, readlinkSync(name)), links + 1) : name;
  }
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}
