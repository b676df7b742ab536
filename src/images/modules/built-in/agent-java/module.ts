/** Mayfly's agent for Java. An image with this module serves the machines of apps whose runtime is java. */
import { readFile } from "node:fs/promises";
import { channelMountPoint, javaAgentPath } from "../../../guest-layout.ts";
import { ensureJavaAgent } from "../../../java/agent-jar.ts";
import type { ModuleContext, ModuleSource } from "../../module.ts";

export default async function agentJava({ cacheDir, progress }: ModuleContext): Promise<ModuleSource> {
  return {
    name: "agent-java",
    description: "Mayfly's agent, which runs the functions of one app in Java",
    requires: ["java", "redirect", "mounts"],
    folders: [channelMountPoint],
    files: [{ data: await readFile(await ensureJavaAgent({ cacheDir, progress })), to: javaAgentPath }],
    agent: "java",
  };
}
