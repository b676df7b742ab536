/**
 * Puts an app's files into a machine: a clone has a disk of zeros from its template on, and gets the file of the app behind it. QEMU opens no file by itself, so
 * it is given a descriptor. It reads through the host's page cache, which all machines of the app share.
 */
import fs from "node:fs";
import { filesDiskBytes } from "../../images/guest-layout.ts";
import type { Qmp } from "./qmp.ts";

/** QEMU's name for what is behind the disk. */
export const FILES_NODE = "files";
/** The number of the set of descriptors, beside those of the command line. */
const SET = 9;

/** @param image a file of filesDiskBytes */
export async function putBehindDisk(qmp: Qmp, image: string): Promise<void> {
  const fd = fs.openSync(image, "r");
  try {
    const { size } = fs.fstatSync(fd);
    if (size !== filesDiskBytes) throw new Error(`the app's files are a disk of ${size} bytes, not of ${filesDiskBytes}`);
    // All commands are sent at once, and answered in order.
    await Promise.all([
      qmp.commandWithDescriptor("add-fd", { "fdset-id": SET }, fd),
      qmp.command("blockdev-add", {
        driver: "file",
        "node-name": "app",
        filename: `/dev/fdset/${SET}`,
        "read-only": true,
        locking: "off",
      }),
      qmp.command("blockdev-reopen", { options: [{ driver: "raw", "node-name": FILES_NODE, "read-only": true, file: "app" }] }),
    ]);
  } finally {
    fs.closeSync(fd);
  }
}
