/** What a driver needs of a machine's control group, for both versions of control groups. */
import type { Share } from "./share.ts";

export interface CgroupSpec {
  /** The machine's id. */
  id: string;
  /** The limit in MB for everything in the group together. A driver adds its own overhead to the guest's memory. */
  memoryMb: number;
  /** The limit in CPUs; fractions are allowed. */
  vcpus: number;
  /** The share of CPU time from the start. Absent: as `awaited` says. */
  share?: Share;
  /** Whether a call waits for the machine, which then has a larger share of CPU time. A promise resolves when the first call does. */
  awaited?: boolean | Promise<void> | undefined;
}

export interface Cgroup {
  /** "none" means that nothing is limited, and figures come from /proc. */
  readonly kind: "v1" | "v2" | "none";
  /** One line on where the group is, or why there is none. */
  readonly detail: string;
  /** Puts a process into the group, with all of its threads and everything that it starts from now on. Throws where the process is gone. */
  add(pid: number): void;
  /** A process that writes "0" to these files joins the group, before it does anything that counts. */
  readonly joinFiles: string[];
  /** The processes in the group now; none if they cannot be read. Neither this nor the two below throw. */
  pids(): number[];
  /** CPU time used so far, also by processes that are gone, and memory held now without page cache that the kernel can drop at once. */
  usage(): { cpuUs: number; memoryBytes: number };
  /** Whether the kernel ended a process of the group because the memory limit was exceeded. False if nothing is limited. */
  oomKilled(): boolean;
  /**
   * Gives the group's CPU time to this app from now on, and through it to the tenant, if there is one. Called once. Resolves when the group's processes have moved, which takes the kernel milliseconds, or
   * when there are none any more. Accounts go on as before.
   */
  assign(app: string, tenant?: string): Promise<void>;
  /** Kills the processes that are still in the group, and resolves once the group is gone from the host. Idempotent. */
  remove(): Promise<void>;
}
