/** Mayfly's agent for Node. An image with this module serves the platform's machines. */
import { bundleAgent } from "../../../agent-bundle.ts";
import { agentPath, channelMountPoint, nodePath } from "../../../guest-layout.ts";
import type { ModuleContext, ModuleSource } from "../../module.ts";

export default async function agent({ agentEntry }: ModuleContext): Promise<ModuleSource> {
  return {
    name: "agent",
    description: "Mayfly's agent, which runs the functions of one app",
    // Node has zones of its own, but the programs that run beside it have not.
    requires: ["node", "redirect", "mounts", "time-zones"],
    folders: [channelMountPoint],
    files: [{ data: await bundleAgent(agentEntry), to: agentPath }],
    agent: "node",
    tests: [
      {
        name: "programs find the world's time zones",
        command: [nodePath, "-p", "fs.existsSync('/usr/share/zoneinfo/Europe/Berlin')"],
        prints: "^true$",
      },
    ],
  };
}
