/**
 * What a machine is of before it belongs to an app. Blanks and templates are of a kind, and only machines of one kind can stand in for each other.
 *
 * This file alone lists what makes a kind. The manifest takes its keys from `kindKeys`, the catalog reads by them which kinds are asked for, a driver gets
 * the whole kind, and the policy a key that it cannot look into. A further field is added here and where a driver acts on it.
 */
import { z } from "zod";

export const guestKernels = ["linux", "osv"] as const;
export type GuestKernelName = (typeof guestKernels)[number];

/** What agents run: a machine's runtime. Each has an image of its own, in which its agent is already up. */
export const runtimes = ["node", "python", "java"] as const;
export type RuntimeName = (typeof runtimes)[number];

/** The runtimes of apps that are programs. They run beside Node's agent, so that they need no image and no template of their own. */
export const programRuntimes = ["provided", "server"] as const;
export type ProgramRuntime = (typeof programRuntimes)[number];

/** What a manifest may name as its runtime. */
export const appRuntimes = [...runtimes, ...programRuntimes] as const;
export type AppRuntime = (typeof appRuntimes)[number];

/** The runtime of an app that chooses none. */
export const usualRuntime: RuntimeName = "node";

/** The keys of mayfly.json that choose the kind of an app's machines. */
export const kindKeys = {
  /** Absent: the kernel that the host's setting `kernel` names. */
  kernel: z.enum(guestKernels).optional(),
  /** Absent: node. */
  runtime: z.enum(appRuntimes).optional(),
  /** MB of each machine, its runtime and kernel included. */
  memoryMb: z.int().min(128).max(8_192).default(256),
  vcpus: z.int().min(1).max(8).default(1),
};

export const choiceSchema = z.object(kindKeys);

/** What a manifest says of the kind. What it leaves open is the host's to say. */
export type KindChoice = z.infer<typeof choiceSchema>;

/** What a driver is told of the kind: machines have an agent's runtime, whatever the manifest calls what runs beside the agent. */
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
export const usualChoice: MachineChoice = { ...choiceSchema.parse({}), runtime: undefined };

export function isProgramRuntime(runtime: AppRuntime): runtime is ProgramRuntime {
  return (programRuntimes as readonly AppRuntime[]).includes(runtime);
}

/** The kind that a manifest's choice means on a host. @param kernel the kernel of machines whose app chooses none */
export function kindOf({ kernel: chosen, runtime = usualRuntime, memoryMb, vcpus }: KindChoice, kernel: GuestKernelName): MachineKind {
  const kind = { kernel: chosen ?? kernel, runtime: isProgramRuntime(runtime) ? usualRuntime : runtime, memoryMb, vcpus };
  const key = Object.entries(kind).map(([name, value]) => `${name}=${value}`);
  return { key: key.join(" "), ...kind };
}

/** The kind of machines whose app chooses nothing, on a host where Linux is the usual kernel. */
export const usualKind: MachineKind = kindOf(usualChoice, "linux");
