/**
 * What a machine is of before it belongs to an app. Blanks and templates are of a kind, and only machines of one kind can stand in for each other.
 *
 * This file alone lists what makes a kind. The manifest takes its keys from `kindKeys`, the catalog reads by them which kinds are asked for, a driver gets
 * the whole kind, and the policy a key that it cannot look into. A further field is added here and where a driver acts on it.
 */
import { z } from "zod";

export const guestKernels = ["linux", "osv"] as const;
export type GuestKernelName = (typeof guestKernels)[number];

/** The languages of agents. */
export const agents = ["node", "python", "java"] as const;
export type AgentName = (typeof agents)[number];

/**
 * A machine's runtime: what its image has. Each has an image of its own, in which its agent is already up. In the image of "node-java" Node's agent is up, and
 * Java lies beside it for the commands of servers.
 */
export const runtimes = [...agents, "node-java", "node-python"] as const;
export type RuntimeName = (typeof runtimes)[number];

/** What a manifest may name as its runtime. The last two are programs, which run beside Node's agent. */
export const namedRuntimes = [...agents, "provided", "server"] as const;
export type NamedRuntime = (typeof namedRuntimes)[number];

/** The runtime of servers whose command begins with a language that Node's own image does not have. */
const serverRuntimes = { "server-java": "node-java", "server-python": "node-python" } as const;

/** What a function runs in. */
export const appRuntimes = [...namedRuntimes, "server-java", "server-python"] as const;
export type AppRuntime = (typeof appRuntimes)[number];

const machineRuntimes: Record<AppRuntime, RuntimeName> = {
  node: "node",
  python: "python",
  java: "java",
  provided: "node",
  server: "node",
  ...serverRuntimes,
};

/** The runtime of an app that chooses none. */
export const usualRuntime = "node" satisfies RuntimeName & AppRuntime;

/** The keys of mayfly.json that choose the kind of an app's machines. */
export const kindKeys = {
  /** Absent: the kernel that the host's setting `kernel` names. */
  kernel: z.enum(guestKernels).optional(),
  /** Absent: node. */
  runtime: z.enum(namedRuntimes).optional(),
  /** MB of each machine, its runtime and kernel included. */
  memoryMb: z.int().min(128).max(8_192).default(256),
  vcpus: z.int().min(1).max(8).default(1),
};

export const choiceSchema = z.object(kindKeys);

/** What the manifest of a part says of the kind. What it leaves open is the host's to say. */
export interface KindChoice extends Omit<z.infer<typeof choiceSchema>, "runtime"> {
  runtime?: AppRuntime | undefined;
}

/** What a driver is told of the kind. */
export interface MachineChoice extends Omit<KindChoice, "runtime"> {
  runtime?: RuntimeName | undefined;
}

export interface MachineKind {
  /** The key is the same for equal kinds, and different for others. Beside memory and vCPUs, the policy knows nothing else of a kind. */
  readonly key: string;
  readonly kernel: GuestKernelName;
  readonly runtime: RuntimeName;
  /** MB of the whole machine, its kernel included. */
  readonly memoryMb: number;
  readonly vcpus: number;
}

/** The choice of a manifest that says nothing of the kind. */
export const usualChoice = { ...choiceSchema.parse({}), runtime: undefined } satisfies KindChoice & MachineChoice;

/** Whether the function is a program beside the agent, and no code that the agent runs itself. */
export function isProgramRuntime(runtime: AppRuntime): boolean {
  return runtime === "provided" || isServerRuntime(runtime);
}

function isServerRuntime(runtime: AppRuntime): boolean {
  return runtime === "server" || Object.hasOwn(serverRuntimes, runtime);
}

/** The runtime of a server with this command. */
export function serverRuntimeOf([program]: readonly string[]): AppRuntime {
  if (program === "java") return "server-java";
  return program === "python3" ? "server-python" : "server";
}

/** The agent of machines of the runtime. */
export function agentOf(runtime: RuntimeName): AgentName {
  return runtime === "node-java" || runtime === "node-python" ? "node" : runtime;
}

/** The runtime of the machines that run such functions. */
export function machineRuntimeOf(runtime: AppRuntime): RuntimeName {
  return machineRuntimes[runtime];
}

/** The kind that a manifest's choice means on a host. @param kernel the kernel of machines whose app chooses none */
export function kindOf({ kernel: chosen, runtime = usualRuntime, memoryMb, vcpus }: KindChoice, kernel: GuestKernelName): MachineKind {
  const kind = { kernel: chosen ?? kernel, runtime: machineRuntimeOf(runtime), memoryMb, vcpus };
  const key = Object.entries(kind).map(([name, value]) => `${name}=${value}`);
  return { key: key.join(" "), ...kind };
}

/** The kind of machines whose app chooses nothing, on a host where Linux is the usual kernel. */
export const usualKind: MachineKind = kindOf(usualChoice, "linux");
