/**
 * A file system to be, as a plain list: what an image's root holds, before any file system is written. Paths are absolute, with "/" between
 * names; the root itself ("/") may be named or not. Owners and times are not part of it: images have none.
 */
import { lstat, readlink } from "node:fs/promises";
import { join } from "node:path";
import { pathsIn } from "./paths-in.ts";

export interface FolderEntry {
  kind: "folder";
  path: string;
  /** Permissions, for example 0o755. */
  mode: number;
}

export interface FileEntry {
  kind: "file";
  path: string;
  mode: number;
  /** The bytes themselves, or the path of the host's file that has them; of a file that holds others as well, the pieces that are this one's. */
  content: Buffer | { from: string; pieces?: FilePiece[] };
}

/** Some bytes of a file. */
export interface FilePiece {
  at: number;
  bytes: number;
}

export interface SymlinkEntry {
  kind: "symlink";
  path: string;
  target: string;
}

export type TreeEntry = FolderEntry | FileEntry | SymlinkEntry;

/** What lies in a folder of the host, as a tree, sorted; sockets, devices and pipes are refused. */
export async function treeOfFolder(folder: string): Promise<TreeEntry[]> {
  const paths = (await pathsIn(folder)).toSorted();
  return Promise.all(paths.map((path) => entryOf(folder, path)));
}

async function entryOf(folder: string, name: string): Promise<TreeEntry> {
  const from = join(folder, name);
  const path = `/${name}`;
  const stats = await lstat(from);
  const mode = stats.mode & 0o7777;
  if (stats.isDirectory()) return { kind: "folder", path, mode };
  if (stats.isSymbolicLink()) return { kind: "symlink", path, target: await readlink(from) };
  if (stats.isFile()) return { kind: "file", path, mode, content: { from } };
  throw new Error(`${from} is no file, folder or symbolic link`);
}
