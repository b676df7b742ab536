/** The first program of machines that Mayfly's agents run in: it leads the connections of all programs to the agent. */
import { readFile } from "node:fs/promises";
import { redirectPath } from "../../../guest-layout.ts";
import { ensureGuestProgram } from "../../../guest-programs/guest-program.ts";
import type { ModuleContext, ModuleSource } from "../../module.ts";

export default async function redirect({ cacheDir, progress }: ModuleContext): Promise<ModuleSource> {
  return {
    name: "redirect",
    description: "leads the connections of programs to the agent",
    requires: ["base"],
    files: [{ data: await readFile(await ensureGuestProgram("redirect", { cacheDir, progress })), to: redirectPath, executable: true }],
  };
}
