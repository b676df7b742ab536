/** How a machine of the driver `process` starts its agent on this host. */
import { dirname, join } from "node:path";
import { hostCommand } from "../../images/debian/program-root.ts";
import { agentCommand, guestEnvironment, javaAgentPath, nodeFlags } from "../../images/guest-layout.ts";
import type { Image } from "../../images/image.ts";
import type { Launched } from "./launcher.ts";
import { heapOf } from "../host/child/heap-of-runtime.ts";

export interface AgentProgram {
  command: string;
  /** All arguments, for a machine of so much memory. */
  args: (memoryMb: number) => string[];
  /** To which the driver adds the folders of the machine, and its channel. */
  env: Record<string, string>;
}

/**
 * The Node that runs Mayfly runs the agent as well, without any image.
 *
 * @param agent the file of the bundled agent
 * @param programs a folder of more programs for the commands of servers
 */
export function nodeProgram(agent: string, ...programs: string[]): AgentProgram {
  const environment = guestEnvironment("node");
  return {
    command: process.execPath,
    args: (memoryMb) => [...nodeFlags, ...heapOf("node", memoryMb), agent],
    // In an image, programs of the app find Node by this path, too.
    env: { ...environment, PATH: [...programs, dirname(process.execPath), environment["PATH"]].join(":") },
  };
}

/** Python comes from its image, and runs with its libraries: a host need not have it. @param debugpy the folder of its packages, if a debugger is to reach functions */
export async function pythonProgram(image: Image, debugpy?: string): Promise<AgentProgram> {
  const { rootTree } = image;
  const [, ...rest] = agentCommand("python", []);
  const [command, ...before] = (await pythonCommand(image)).command;
  const env = Object.entries(guestEnvironment("python")).map(([name, value]) => [name, inTree(name, value, rootTree)]);
  const own = Object.fromEntries(env) as Record<string, string>;
  return { command, args: () => [...before, ...rest], env: { ...own, ...(debugpy !== undefined && { MAYFLY_DEBUGPY: debugpy }) } };
}

/** The interpreter alone, for programs of an app. */
export async function pythonCommand({ rootTree }: Image): Promise<Launched> {
  const [program] = agentCommand("python", []) as [string];
  return { command: await hostCommand(rootTree, program), env: { PYTHONHOME: join(rootTree, guestEnvironment("python")["PYTHONHOME"]!) } };
}

/**
 * Java comes from a root that was made for this host, because in its image links lead to files by their paths in the image. @param java its command on this host
 * @param agent the agent's jar
 */
export function javaProgram([command, ...before]: [string, ...string[]], agent: string): AgentProgram {
  const words = (memoryMb: number) => agentCommand("java", heapOf("java", memoryMb)).slice(1);
  return {
    command,
    args: (memoryMb) => [...before, ...words(memoryMb).map((word) => (word === javaAgentPath ? agent : word))],
    env: guestEnvironment("java"),
  };
}

/** What says where a runtime lies is a path in the image. */
function inTree(name: string, value: string, rootTree: string): string {
  return name.startsWith("PYTHON") && value.startsWith("/") ? join(rootTree, value) : value;
}
