/** Mayfly's agent for Python. An image with this module serves the machines of apps whose runtime is python. */
import { join } from "node:path";
import { channelMountPoint, pythonAgentFolder } from "../../../guest-layout.ts";
import { projectRoot } from "../../../project.ts";
import type { ModuleSource } from "../../module.ts";

const agentPython: ModuleSource = {
  name: "agent-python",
  description: "Mayfly's agent, which runs the functions of one app in Python",
  requires: ["python", "redirect", "mounts"],
  folders: [channelMountPoint],
  files: [{ from: join(projectRoot, "src/guest/runtimes/python/mayfly/**/*.py"), to: `${pythonAgentFolder}/mayfly` }],
  pythonBytecode: [pythonAgentFolder],
  agent: "python",
};

export default agentPython;
