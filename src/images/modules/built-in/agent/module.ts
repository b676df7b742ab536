/** Mayfly's agent for Node. An image with this module serves the platform's machines. */
import { bundleAgent } from "../../../agent-bundle.ts";
import { agentPath, channelMountPoint } from "../../../guest-layout.ts";
import type { ModuleContext, ModuleSource } from "../../module.ts";

export default async function agent({ agentEntry }: ModuleContext): Promise<ModuleSource> {
  return {
    name: "agent",
    description: "Mayfly's agent, which runs the functions of one app",
    requires: ["node", "redirect", "mounts"],
    folders: [channelMountPoint],
    files: [{ data: await bundleAgent(agentEntry), to: agentPath }],
    agent: "node",
  };
}
