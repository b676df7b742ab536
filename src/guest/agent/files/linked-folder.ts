/** The app's files as they lie in a folder of the machine, or on a disk: nothing of them is copied. */
import { mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { FolderFiles } from "../../../wire/protocol.ts";
import { nativeCall } from "../resume/native.ts";
import { emptyTaskRoot, taskRoot } from "./task-root.ts";

const MS_RDONLY_NOSUID_NODEV = 1n | 2n | 4n;

/** Makes a link in the task root to each entry of the folder. @throws Error if the disk cannot be mounted, or what the file system throws */
export function linkFolder({ path, device }: FolderFiles): void {
  if (device !== undefined) mountDisk(device, path);
  emptyTaskRoot();
  for (const name of readdirSync(path)) symlinkSync(join(path, name), join(taskRoot, name));
}

function mountDisk(device: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const [from, to, type] = [device, folder, "erofs"].map((text) => Buffer.from(`${text}\0`)) as [Buffer, Buffer, Buffer];
  if (nativeCall("mount")?.(from, to, type, MS_RDONLY_NOSUID_NODEV, 0n) !== 0)
    throw new Error(`the disk ${device} of the app's files cannot be mounted`);
}
