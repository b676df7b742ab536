/**
 * The planned content of a file system as a plain list: an image's root before any file system is written. Paths are absolute, with "/"
 * between names; the root itself ("/") need not be listed. There are no owners or times, because images have none.
 */
import { lstat, readlink } from "node:fs/promises";
import { join } from "node:path";
import { pathsIn } from "./paths-in.ts";

export interface FolderEntry {
  kind: "folder";
  path: string;
  /** The permission bits, for example 0o755. */
  mode: number;
}

export interface FileEntry {
  kind: "file";
  path: string;
  mode: number;
  /**
   * The content itself, or the path of a host's file that contains it. If that file contains other data as well, `pieces` says which parts
   * belong to this entry.
   */
  content: Buffer | { from: string; pieces?: FilePiece[] };
}

/** A range of bytes in a file. */
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

/** The content of a host's folder as a sorted tree. Throws if there are sockets, devices or pipes. */
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
  throw new Error(`${from} is not a file, folder or symbolic link`);
}
