/**
 * What every driver is: it says whether this host can run it, and starts machines. The conformance suite beside
 * this file runs against each one. Nothing driver-specific leaves a driver but the texts of an exit.
 */
import type { Duplex } from "node:stream";
import type { GuestKernelName, KindChoice } from "../base/kind/machine-kind.ts";
import type { MachineExit } from "./exit.ts";

export type DriverName = "qemu" | "gvisor" | "process" | "fake";

export type Probe =
  | {
      ok: true;
      /** One line: what it runs with, for example "QEMU 7.2.22, TCG: /dev/kvm hangs guests". */
      detail: string;
    }
  | { ok: false; reason: string; cure: string };

/** Without a kernel, the machine has the first of the driver's. */
export interface MachineSpec extends KindChoice {
  /** [a-z0-9-]{1,40}, unique on this host among the living. */
  id: string;
  /** True: a call waits for this machine, and its start has precedence over other apps' work. */
  awaited?: boolean;
}

/** How a driver's machines differ from others' for those who watch over them and account for them. The figures are measured in docs/drivers.md. */
export interface DriverTraits {
  /** A machine has a kernel of its own, which uses some CPU time at all times: a machine that uses none is dead, or was stopped. */
  ownKernel: boolean;
  /** Milliseconds that a machine has to answer, beyond what machines at the host's own speed have. */
  answerMs: number;
  /** The share of a core that an emulator's or a sandbox's own threads use at most while the machine is awake and has nothing to do. */
  idleShare: number;
  /** Microseconds of CPU time that it takes at most to stop a machine, continue it and tell it the time. */
  wakeUs: number;
}

/** From the host's accounting (cgroup or /proc), never from the guest's word. */
export interface Usage {
  /** CPU time of everything that runs on the machine's behalf, microseconds since start. */
  cpuUs: number;
  /** Bytes of memory that the machine holds for itself now: the control group's anonymous and shared memory, or the same from /proc. */
  memoryBytes: number;
}

export interface Machine {
  readonly id: string;
  /**
   * The byte stream to the agent. Open and writable when start() resolves; a fresh start's Hello (docs/guest-protocol.md) is
   * left in it to be read. Ends when the machine does.
   */
  readonly channel: Duplex;
  /** True: the agent booted, and its Hello is still to be read from the channel. False: it is a clone, which sends none. */
  readonly fresh: boolean;
  /** Resolves when nothing of the machine is left on the host: process, cgroup, files. Never rejects. */
  readonly exited: Promise<MachineExit>;
  /**
   * Called once by whoever brings it up. True: its agent has answered and done its rehearsal. False: it failed at that, and nobody had asked for its end.
   * A driver learns from it whether its templates are sound.
   */
  cameUp?(worked: boolean): void;
  usage(): Usage;
  /** Puts the machine on this app's share of the host's CPU time. Called once; resolves some milliseconds later, when that is so. */
  assign(app: string): Promise<void>;
  /** Freezes the machine: no CPU is used until cont(). Idempotent. */
  stop(): Promise<void>;
  cont(): Promise<void>;
  /** Ends the machine at once, with no shutdown. Resolves with `exited`. Idempotent. */
  kill(): Promise<MachineExit>;
}

export interface Driver {
  /** For people: nothing depends on it. */
  readonly name: DriverName;
  readonly traits: DriverTraits;
  /** The guest kernels that its machines may have, the usual one first. */
  readonly kernels: readonly GuestKernelName[];
  /** Bounded in time (30 s), no side effects that outlive it but remembered verdicts. */
  probe(): Promise<Probe>;
  /**
   * Makes what machines of the kind start from, such as an image or a template, if it does not exist yet. Called before every start, so it takes no time if
   * there is nothing to make. Kinds do not wait for each other. `progress` gets one line for each step.
   */
  prepare(progress: (step: string) => void, kind: KindChoice): Promise<void>;
  /** Gives up what prepare() holds in memory for machines of the kind. Machines that live go on. If the kind is needed again, prepare() makes it again. */
  release?(kind: KindChoice): void;
  /** Rejects with a StartFailure (exit.ts), and then leaves nothing behind. */
  start(spec: MachineSpec): Promise<Machine>;
  /** What is wrong with an image that machines start from, as a clause, from when that is found until it is put right. */
  damage?(): string | undefined;
  /** Kills what is left and removes what the driver keeps while running. */
  close(): Promise<void>;
}
