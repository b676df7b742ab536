/**
 * Shows an app's files to a sandbox that runs already. Each sandbox has a folder of the host's mounted from its start on. What is mounted within that folder
 * later is seen in the sandbox, too, because the mounts of the folder are shared.
 *
 * Owns: one mount point for all sandboxes of the server, with a folder in it for each, and what is mounted there.
 * 1. A sandbox sees its own folder and no other.
 * 2. The files cannot be written to through any of these mounts.
 * 3. Nothing is mounted any more when remove() or close() returns.
 */
import fs from "node:fs";
import path from "node:path";
import { filesPath } from "../../images/guest-layout.ts";
import { shareMounts, showFolder, unmount } from "../../base/libc/libc.ts";
import type { RunFolder } from "../host/child/run-folder.ts";

export interface ShownFiles {
  /** Makes the folder of a machine, which is to be mounted in its sandbox on the folder of filesPath. */
  folderOf(id: string): string;
  /** Mounts the files there. */
  show(id: string, files: string): void;
  remove(id: string): void;
  close(): void;
}

/** The name of the mount point within a machine's folder. */
const NAME = path.basename(filesPath);

/** Throws if this process may not mount. @param run a folder of this driver's */
export function createShownFiles(run: RunFolder): ShownFiles {
  const shared = path.join(run.folder, "shown");
  const staging = path.join(run.folder, "staging");
  for (const folder of [shared, staging]) fs.mkdirSync(folder);
  shareMounts(shared);
  const shown = new Set<string>();
  const folderOf = (id: string) => path.join(shared, id);
  const hide = (id: string) => shown.delete(id) && unmount(path.join(folderOf(id), NAME));
  return {
    folderOf(id) {
      fs.mkdirSync(path.join(folderOf(id), NAME), { recursive: true });
      return folderOf(id);
    },
    show(id, files) {
      showFolder(files, path.join(folderOf(id), NAME), staging);
      shown.add(id);
    },
    remove(id) {
      hide(id);
      fs.rmSync(folderOf(id), { recursive: true, force: true });
    },
    close() {
      for (const id of shown) hide(id);
      unmount(shared);
      run.remove();
    },
  };
}
