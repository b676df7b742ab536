/** The paths inside a machine: the drivers start the guest by these paths, and the image lays them out. */
import { LAYERS_FOLDER } from "../base/kind/layers-folder.ts";
import { agentOf, type AgentName, type RuntimeName } from "../base/kind/machine-kind.ts";
import { javaFlags, libcFlags, osvFlags } from "./java/java-command.ts";

export const nodePath = "/bin/node";
export const agentPath = "/mayfly/agent.mjs";
const pythonPath = "/usr/bin/python3";
/** The folder of the Python agent's package. */
export const pythonAgentFolder = "/mayfly/python";
const javaPath = "/usr/lib/jvm/java-17-openjdk-amd64/bin/java";
export const javaAgentPath = "/mayfly/agent.jar";
/** The program that starts the agents whose machines' connections are led to them (src/guest/redirect). */
export const redirectPath = "/mayfly/redirect";
/** The program that mounts NFS exports and carries their bytes (src/guest/mounts). */
export const mountsPath = "/mayfly/mounts";
/** Drivers of the kernel that only machines with mounts load. */
export const spareDriversFolder = "/mayfly/modules";
/** Empty folders on which exports may be mounted, or below which folders for them are made: the root is read-only. */
export const mountTops = ["/data", "/mnt", "/srv"];
/** An empty folder on which a driver may mount its channel's socket, because the root is read-only. */
export const channelMountPoint = "/channel";

/** An empty folder on which every machine has a file system in memory for the app's files. */
export const taskRootPath = "/var/task";

/** Where functions find the files of AWS Lambda's layers, and the folder below the task root that this is a symbolic link to. */
export const layersPath = "/opt";
export const layersTarget = `${taskRootPath.slice(1)}/${LAYERS_FOLDER}`;

/** Where a machine has an app's files if nothing of them is copied. It is in /run, on which a driver may mount something. */
export const filesPath = "/run/files";
/** Bytes of the disk with these files in a VM, whatever the files' size: the file behind it is sparse. */
export const filesDiskBytes = 2 ** 31;

/**
 * Flags of the agent's Node. The host adds the heap size. While an app is developed, Node would print the address of its inspector into the app's log: one within the machine, at
 * which no debugger gets an answer.
 */
export const nodeFlags = ["--disable-warning=ExperimentalWarning", "--inspect-publish-uid=http"];

/** How a runtime's agent is started in a machine. */
interface AgentStart {
  /** The image module that brings the agent, and the runtime with it. */
  module: string;
  program: string;
  /** Before the flags that depend on the machine. */
  flags: string[];
  /** More of them, for machines that are isolated. */
  isolatedFlags: string[];
  /** Still more of them, for machines of OSv. */
  osvFlags: string[];
  /** After all flags. */
  agent: string[];
  environment: Record<string, string>;
  /** The descriptor on which the agent finds the listener for the connections of programs. */
  listener: number;
}

/** HOME is set because the root is read-only. */
const everywhere: Record<string, string> = {
  HOME: "/tmp",
  LANG: "C.UTF-8",
  SSL_CERT_FILE: "/etc/ssl/certs/ca-certificates.crt",
  TMPDIR: "/tmp",
};

const starts: Record<AgentName, AgentStart> = {
  node: {
    module: "agent",
    program: nodePath,
    flags: nodeFlags,
    isolatedFlags: [],
    osvFlags: [],
    agent: [agentPath],
    environment: { ...everywhere, NODE_ENV: "production", PATH: "/bin:/usr/bin" },
    listener: 4,
  },
  python: {
    module: "agent-python",
    program: pythonPath,
    flags: [],
    isolatedFlags: [],
    osvFlags: [],
    agent: ["-m", "mayfly"],
    environment: {
      ...everywhere,
      PATH: "/usr/bin:/bin",
      PYTHONHOME: "/usr",
      PYTHONPATH: pythonAgentFolder,
      // The root is read-only.
      PYTHONDONTWRITEBYTECODE: "1",
    },
    listener: 4,
  },
  java: {
    module: "agent-java",
    program: javaPath,
    flags: javaFlags,
    isolatedFlags: libcFlags,
    osvFlags: osvFlags(javaAgentPath),
    agent: ["-jar", javaAgentPath],
    environment: { ...everywhere, PATH: "/usr/bin:/bin" },
    // Java takes a listener only in the place of its standard input.
    listener: 0,
  },
};

/** What the image of a runtime has beside its agent for the commands of servers: an image module, and the program that it brings. */
const companions: Partial<Record<RuntimeName, { module: string; program: string }>> = {
  "node-java": { module: "java", program: "/usr/bin/java" },
  "node-python": { module: "python", program: pythonPath },
};

/** The names of the image modules of a runtime's machines; what these require comes with them. */
export function imageModules(runtime: RuntimeName): string[] {
  const companion = companions[runtime];
  return [starts[agentOf(runtime)].module, ...(companion === undefined ? [] : [companion.module])];
}

/** The programs that commands of an app may name, by their paths in the machine. */
export function machinePrograms(runtime: RuntimeName): string[] {
  const companion = companions[runtime];
  return companion === undefined ? [nodePath] : [nodePath, companion.program];
}

/** The environment of a machine's agent, to which MAYFLY_CHANNEL is added. */
export function guestEnvironment(runtime: AgentName): Record<string, string> {
  return starts[runtime].environment;
}

/** The command that runs the agent. @param sized flags that depend on the machine */
export function agentCommand(runtime: AgentName, sized: string[]): string[] {
  const { program, flags, agent } = starts[runtime];
  return [program, ...flags, ...sized, ...agent];
}

/** The command that runs the agent on OSv, where it is the machine's only program. */
export function commandOnOsv(runtime: AgentName, sized: string[]): string[] {
  const { isolatedFlags, osvFlags: more } = starts[runtime];
  return agentCommand(runtime, [...isolatedFlags, ...more, ...sized]);
}

/** How the agent is started in a machine with a network of its own, whose connections are led to it. */
export interface IsolatedStart {
  command: string[];
  environment: Record<string, string>;
}

/** @param user as which the agent runs. Something else than 0 needs what setting up the network needs: CAP_NET_ADMIN, CAP_NET_RAW, CAP_SETUID and CAP_SETGID */
export function isolatedStart(runtime: AgentName, sized: string[], user: number): IsolatedStart {
  const { listener, environment, isolatedFlags } = starts[runtime];
  return {
    command: [redirectPath, String(listener), String(user), ...agentCommand(runtime, [...isolatedFlags, ...sized])],
    environment: { ...environment, MAYFLY_REDIRECT: `fd:${listener}` },
  };
}
