import { lstat, readlink } from "node:fs/promises";
import { join, posix } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";

/** More links than any sane tree needs; stops on circles. */
const MOST_LINKS = 40;

/** Resolves a path of a root, following symbolic links inside that root; undefined if there is no such file. */
export async function resolveInside(root: string, path: string): Promise<string | undefined> {
  const rest = path.split("/").filter(Boolean);
  let at = "/";
  for (let links = 0; rest.length > 0;) {
    const next = posix.join(at, rest.shift()!);
    const stats = await lstat(join(root, next)).catch(absent);
    if (stats === undefined) return undefined;
    if (!stats.isSymbolicLink()) {
      at = next;
      continue;
    }
    if ((links += 1) > MOST_LINKS) return undefined;
    const target = await readlink(join(root, next));
    rest.unshift(...target.split("/").filter(Boolean));
    if (target.startsWith("/")) at = "/";
  }
  return at;
}

/**
 * Like resolveInside(), but returns the path on this host. Rejects with "image-build-failed" if there is no such file. A package's links
 * are resolved inside the package, never to files of the host.
 */
export async function placeInside(root: string, path: string): Promise<string> {
  const found = await resolveInside(root, path);
  if (found === undefined) throw new MayflyError("image-build-failed", { what: `there is no ${path} in ${root}` });
  return join(root, found);
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
}
