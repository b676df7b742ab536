/** Mounts NFS exports in machines that Mayfly's agents run in, with the folders on which they may be mounted. */
import { readFile } from "node:fs/promises";
import { mountsPath, mountTops } from "../../../guest-layout.ts";
import { ensureGuestProgram } from "../../../guest-programs/guest-program.ts";
import type { ModuleContext, ModuleSource } from "../../module.ts";

export default async function mounts({ cacheDir, progress }: ModuleContext): Promise<ModuleSource> {
  return {
    name: "mounts",
    description: "mounts NFS exports",
    requires: ["base"],
    folders: mountTops,
    files: [{ data: await readFile(await ensureGuestProgram("mounts", { cacheDir, progress })), to: mountsPath, executable: true }],
  };
}
