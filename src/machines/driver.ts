/**
 * The contract of drivers: a driver says whether this host can run it, and starts machines. The conformance suite runs against each one.
 * Outside of a driver nothing depends on which one it is, except texts in exits.
 */
import type { Duplex } from "node:stream";
import type { FilesForm } from "../base/kind/files-form.ts";
import type { GuestKernelName, MachineChoice } from "../base/kind/machine-kind.ts";
import type { FolderFiles } from "../wire/protocol.ts";
import type { MachineExit } from "./exit.ts";

/** For people and settings: what depends on a driver asks its traits. */
export type DriverName = "qemu" | "gvisor" | "process" | "fake";

export type Probe =
  | {
      ok: true;
      /** One line on what the driver runs machines with, for example "QEMU 7.2.22, TCG: /dev/kvm hangs guests". */
      detail: string;
    }
  | { ok: false; reason: string; cure: string };

/** Without a kernel, the machine has the first of the driver's; without a runtime, Node. */
export interface MachineSpec extends MachineChoice {
  /** [a-z0-9-]{1,40}, unique among the machines that live on this host. */
  id: string;
  /** Whether a call waits for this machine, so that its start has precedence over other apps' work. A promise resolves when the first call does. */
  awaited?: boolean | Promise<void>;
  /** If present, the machine is a clone of that, and is bound to its part when it has been resumed. */
  snapshot?: AppSnapshot;
  /** With `snapshot`: the files that the frozen machine had attached. */
  files?: StoredFiles;
}

/** Names a machine of an app that was frozen when it was bound and initialised. */
export interface AppSnapshot {
  /** The id of the part of a revision whose functions the machine has. */
  part: string;
  /** A digest of what the part's machines are given at their bind. */
  inputs: string;
}

/** A snapshot on the disk. */
export interface SavedSnapshot {
  part: string;
  bytes: number;
  /** Milliseconds since the epoch. */
  usedAt: number;
}

export interface Snapshots {
  /** Starts a machine, has it bound, and freezes and saves it. Rejects if one of these fails, and then keeps nothing. The spec's `snapshot` says what it is to be called. */
  make(spec: MachineSpec & { snapshot: AppSnapshot }, steps: FreezeSteps): Promise<void>;
  /** Makes one that was saved ready for start(). Resolves with whether there is one. */
  load(kind: MachineChoice, snapshot: AppSnapshot): Promise<boolean>;
  /** Removes those of the part. Machines that live go on. */
  drop(part: string): void;
  /** All that are on the disk, also those of earlier servers. */
  saved(): SavedSnapshot[];
}

export interface FreezeSteps {
  /** Binds the machine, and resolves when it may be frozen. */
  ready: (machine: Machine) => Promise<void>;
  /** Called before anything is saved. If it throws, nothing is. @param bytes that are to be saved */
  admit: (bytes: number) => void;
  /** Ends it early: the machine is killed. */
  gone: AbortSignal;
}

/** How a driver's machines differ from others' for the code that supervises and accounts for them. docs/drivers.md has the measurements. */
export interface DriverTraits {
  /** Whether a machine has a kernel of its own, which always uses some CPU time, so that a machine that uses none is dead or was stopped. */
  ownKernel: boolean;
  /** Whether programs in a machine use this host's network, so that only connections of the agent's own runtime come to the host over the channel. */
  hostNetwork: boolean;
  /** Milliseconds that a machine has to answer, in addition to what machines at the host's own speed have. */
  answerMs: number;
  /** The share of a core that an emulator's or a sandbox's own threads use at most while the machine is awake and idle. */
  idleShare: number;
  /** Microseconds of CPU time that stopping a machine, continuing it and telling it the time take at most. */
  wakeUs: number;
}

/** From the host's accounting (cgroup or /proc), never from what the guest says. */
export interface Usage {
  /** CPU time of everything that runs on the machine's behalf, microseconds since start. */
  cpuUs: number;
  /** Bytes of memory that the machine holds for itself now: the control group's anonymous and shared memory, or the same from /proc. */
  memoryBytes: number;
}

/** An app's files as they are stored, for machines that read them where they lie. They stay until the machine is gone. */
export interface StoredFiles {
  /** Resolves with the path of the files in this form, which is made if it is not there. An image is a file of filesDiskBytes (images/guest-layout.ts). */
  path(form: FilesForm): Promise<string>;
}

/** @param isError whether it came on descriptor 2. A machine with one console for both says no */
export type TakePrinted = (text: string, isError: boolean) => void;

export interface Machine {
  readonly id: string;
  /**
   * The byte stream to the agent, open and writable when start() resolves. The Hello of a fresh start (docs/guest-protocol.md) is still to
   * be read from it. It ends when the machine does.
   */
  readonly channel: Duplex;
  /** The byte stream to what carries the machine's mounts (wire/mounts-end.ts), which nobody need read. Absent if the machine can mount nothing. */
  readonly mounts?: Duplex;
  /**
   * Present if debuggers can reach the machine, which is so only while apps are developed. Then it is not stopped when it has nothing to do. `address` is what each
   * Resume tells the agent of its second channel; absent if the agent knows since its start.
   */
  readonly inspector?: { address?: string };
  /** Whether the agent booted, so that its Hello is still to be read from the channel. If false, it is a clone, which sends none. */
  readonly fresh: boolean;
  /** Resolves when nothing of the machine is left on the host: no process, cgroup or file. Never rejects. */
  readonly exited: Promise<MachineExit>;
  /**
   * Called once by the fleet: with true when the machine's agent has answered and done its rehearsal, with false if it failed at that
   * without having been asked to end. A driver learns from this whether its templates work.
   */
  cameUp?(worked: boolean): void;
  /**
   * Called at most once, when the machine is an app's: tells each line that programs in the machine print from then on to the descriptors 1 and 2 that the
   * agent was started with, which neither the agent nor its channel sees. Lines of the machine's own kernel are left out. Absent if nothing is to be seen.
   */
  followPrinted?(take: TakePrinted): void;
  /** Never throws: figures that cannot be read at the moment are those that were read last. */
  usage(): Usage;
  /** Gives the machine this app's share of the host's CPU time, which is a part of the tenant's, if there is one. Called once; resolves some milliseconds later, when that is done. */
  assign(app: string, tenant?: string): Promise<void>;
  /**
   * Lets the machine read files where they lie on the host, without a copy. Called at most once, before the Bind, which is to have the result as its `files`. The
   * machine may be stopped. Absent if files must come in frames.
   */
  attach?(files: StoredFiles): Promise<FolderFiles>;
  /** Freezes the machine: it uses no CPU until cont(). Further calls do nothing. */
  stop(): Promise<void>;
  cont(): Promise<void>;
  /** Ends the machine at once, without a shutdown. Resolves like `exited`. Further calls return the same. */
  kill(): Promise<MachineExit>;
}

export interface Driver {
  /** The name shown to people; nothing depends on it. */
  readonly name: DriverName;
  readonly traits: DriverTraits;
  /** The guest kernels that its machines may have, the default one first. */
  readonly kernels: readonly GuestKernelName[];
  /** The form in which machines of the kind read files where they lie on the host; undefined if they cannot. Known once the driver is prepared. */
  attaches(kind: MachineChoice): FilesForm | undefined;
  /** Whether machines of the kind can mount NFS exports, and so have a `mounts`. Absent if none can. */
  mountsNfs?(kind: MachineChoice): boolean;
  /** Takes at most 30 s, and leaves nothing behind except remembered verdicts. */
  probe(): Promise<Probe>;
  /**
   * Makes what machines of the kind start from, such as an image or a template, if it does not exist yet. Called before every start, so it takes no time if
   * there is nothing to make. Kinds do not wait for each other. `progress` gets one line for each step.
   */
  prepare(progress: (step: string) => void, kind: MachineChoice): Promise<void>;
  /** Gives up what prepare() holds in memory for machines of the kind. Machines that live go on. If the kind is needed again, prepare() makes it again. */
  release?(kind: MachineChoice): void;
  /** Rejects with a StartFailure (exit.ts), and then leaves nothing behind. */
  start(spec: MachineSpec): Promise<Machine>;
  /** Absent if this driver's machines cannot be frozen. */
  readonly snapshots?: Snapshots;
  /** What is wrong with an image that machines start from, as a clause; undefined if nothing is, or once it is repaired. */
  damage?(): string | undefined;
  /** Kills the machines that are left, and removes what the driver keeps while it runs. */
  close(): Promise<void>;
}
