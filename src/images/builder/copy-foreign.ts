/**
 * Copies what a confined program made. No link is followed: links are copied as links, and anything but files, folders and links is
 * refused.
 */
import { constants } from "node:fs";
import { lstat, mkdir, open, readlink, symlink } from "node:fs/promises";
import { join } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import { pathsIn } from "../paths-in.ts";
import { readPieces } from "../read-pieces.ts";

const MOST_ENTRIES = 500_000;
export const MOST_BYTES = 16 * 2 ** 30;

/**
 * @param from a folder; a link to one is refused, because what it leads to was not made by the program
 * @param uid the user who must own every file; undefined allows any owner. Rejects with "image-build-failed".
 */
export async function copyForeign(from: string, into: string, uid: number | undefined): Promise<void> {
  if (!(await lstat(from)).isDirectory()) throw refusal(from, "is not a folder");
  const paths = ["", ...(await pathsIn(from))];
  let bytes = 0;
  if (paths.length > MOST_ENTRIES) throw refusal(from, `has over ${MOST_ENTRIES} entries`);
  for (const path of paths) {
    const stats = await lstat(join(from, path));
    // A hard link gives access to another user's file just as a symbolic link does.
    if (uid !== undefined && stats.uid !== uid) throw refusal(join(from, path), "belongs to somebody else");
    if (stats.isDirectory()) await mkdir(join(into, path));
    else if (stats.isSymbolicLink()) await symlink(await readlink(join(from, path)), join(into, path));
    else if (stats.isFile() && (bytes += stats.size) <= MOST_BYTES) await copyFile(join(from, path), join(into, path), stats.mode);
    else throw refusal(join(from, path), stats.isFile() ? "is too large" : "is not a file, folder or symbolic link");
  }
}

async function copyFile(from: string, to: string, mode: number): Promise<void> {
  await using source = await open(from, constants.O_RDONLY | constants.O_NOFOLLOW);
  await using copy = await open(to, "wx", mode & 0o777);
  const { size } = await source.stat();
  for await (const bytes of readPieces(source, [{ at: 0, bytes: size }])) await copy.writeFile(bytes);
}

function refusal(path: string, what: string): MayflyError {
  return new MayflyError("image-build-failed", { what: `${path} ${what}` });
}
