/**
 * What every driver is: it says whether this host can run it, and starts machines. The conformance suite beside
 * this file runs against each one. Nothing driver-specific leaves a driver but the texts of an exit.
 */
import type { Duplex } from "node:stream";
import type { MachineExit } from "./exit.ts";

export type DriverName = "qemu" | "gvisor" | "process" | "fake";

export type Probe =
  | {
      ok: true;
      /** One line: what it runs with, for example "QEMU 7.2.22, TCG: /dev/kvm hangs guests". */
      detail: string;
    }
  | { ok: false; reason: string; cure: string };

export interface MachineSize {
  memoryMb: number;
  vcpus: number;
}

/** What a machine has where its app's manifest says nothing else; blanks are kept of this size. */
export const usualSize: MachineSize = { memoryMb: 256, vcpus: 1 };

export interface MachineSpec extends MachineSize {
  /** [a-z0-9-]{1,40}, unique on this host among the living. */
  id: string;
  /** A call waits for it: its start is not to come after other apps' work. */
  awaited?: boolean;
}

/** From the host's accounting (cgroup or /proc), never from the guest's word. */
export interface Usage {
  /** CPU time of everything that runs on the machine's behalf, microseconds since start. */
  cpuUs: number;
  /** Bytes of memory that it holds for itself now: the control group's anonymous and shared memory, or the same from /proc. */
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
   * Called once by whoever brings it up: its agent has answered and done its rehearsal, or it failed at that and nobody wanted its end. A driver
   * learns from it whether what it starts machines from is sound.
   */
  cameUp?(worked: boolean): void;
  usage(): Usage;
  /** From now on it runs on this app's share of the host's CPU time. Once; resolves when that is so, some milliseconds later. */
  assign(app: string): Promise<void>;
  /** Freezes the machine: no CPU is used until cont(). Idempotent. */
  stop(): Promise<void>;
  cont(): Promise<void>;
  /** Ends the machine at once, with no shutdown. Resolves with `exited`. Idempotent. */
  kill(): Promise<MachineExit>;
}

export interface Driver {
  readonly name: DriverName;
  /** Bounded in time (30 s), no side effects that outlive it but remembered verdicts. */
  probe(): Promise<Probe>;
  /** One-off work before the first start of a machine of a size (an image, a template). Idempotent; `progress` gets one line a step. */
  prepare(progress: (step: string) => void, size: MachineSize): Promise<void>;
  /** Rejects with a StartFailure (exit.ts), and then leaves nothing behind. */
  start(spec: MachineSpec): Promise<Machine>;
  /** What is wrong with what machines start from, as a clause, where that was found out while it runs and is not put right yet. */
  damage?(): string | undefined;
  /** Kills what is left and removes what the driver keeps while running. */
  close(): Promise<void>;
}
