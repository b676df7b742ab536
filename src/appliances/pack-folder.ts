/**
 * Packs a folder of the host into a file system. mkfs.erofs goes through the folder by paths, as root, and whoever may write in the folder may put a link in
 * the place of a folder meanwhile. So it sees the folder at a place of its own where no link is followed, in a mount namespace that ends with it. The links
 * themselves are packed as links.
 */
import { type FileHandle, mkdir, readlink, rmdir } from "node:fs/promises";
import { erofsCommand } from "../images/erofs/make-erofs.ts";
import { type RunOptions, runProgram } from "../images/run-program.ts";

/**
 * Shows the folder $1 at $3, with what is mounted in it, and then becomes the rest of the arguments. A folder that is open in another mount namespace cannot be
 * mounted by its descriptor, so $1 is a path, and what is found there must be the folder $2. mountinfo writes some characters in octal.
 */
const VIEW = `
view=$3
mount -c --rbind "$1" "$view" || exit
[ "$(stat -c %d:%i "$view")" = "$2" ] || { echo "$1 is another folder now" >&2; exit 1; }
cut -d' ' -f5 /proc/self/mountinfo | sed 's/%/%%/g' | while read -r place; do
  place=$(printf "$place")
  case $place in "$view" | "$view"/*) mount -o remount,bind,ro,nosuid,nodev,nosymfollow "$place" || exit ;; esac
done || exit
shift 3
exec "$@"`;

/** A command that runs another with the folder at `view`, an empty folder. Only root can run it. */
export async function withView(folder: FileHandle, view: string, command: string[]): Promise<[string, ...string[]]> {
  const { dev, ino } = await folder.stat({ bigint: true });
  return ["unshare", "--mount", "--", "/bin/sh", "-c", VIEW, "sh", await readlink(own(folder)), `${dev}:${ino}`, view, ...command];
}

/** @param into the file to make; beside it there is a folder for as long as it takes */
export async function packFolder(folder: FileHandle, into: string, options: RunOptions): Promise<void> {
  const view = `${into}.view`;
  await mkdir(view, { mode: 0o700 });
  try {
    // Without root the program reads nothing that the owner of the server's process may not read.
    const command =
      process.getuid?.() === 0 ? await withView(folder, view, erofsCommand(view, into)) : erofsCommand(`${own(folder)}/.`, into);
    await runProgram(command[0], command.slice(1), { name: "mkfs.erofs", ...options });
  } finally {
    await rmdir(view);
  }
}

/** A path by which other processes of this host find the folder. */
function own({ fd }: FileHandle): string {
  return `/proc/${process.pid}/fd/${fd}`;
}
