/** What a driver asks of a machine's control group, whatever the kernel's version of them. */
import type { Share } from "./share.ts";

export interface CgroupSpec {
  /** The machine's. */
  id: string;
  /** Limit of all that runs in it together; a driver adds its own overhead to the guest's memory. */
  memoryMb: number;
  /** Limit in CPUs, fractions allowed. */
  vcpus: number;
  /** Whose CPU time it is at first. Default: "ahead". */
  share?: Share;
}

export interface Cgroup {
  /** "none": nothing is limited, and figures come from /proc. */
  readonly kind: "v1" | "v2" | "none";
  /** One line on where it is, or why there is none. */
  readonly detail: string;
  /** Puts a process in, with all of its threads and everything that it starts from now on. Throws where it is gone. */
  add(pid: number): void;
  /** Files that a process writes "0" to in order to join by itself, before it does anything that counts. */
  readonly joinFiles: string[];
  /** The processes in it now. */
  pids(): number[];
  /** CPU time used so far, of processes gone as well; memory held without page cache that the kernel can drop at once. */
  usage(): { cpuUs: number; memoryBytes: number };
  /** Whether the kernel ended one of its processes for passing the memory limit. False where nothing is limited. */
  oomKilled(): boolean;
  /**
   * From now on its CPU time is this app's. Once; resolves when its processes have moved, which takes the kernel milliseconds, or when there
   * are none any more. Accounts go on as before.
   */
  assign(app: string): Promise<void>;
  /** Kills what is still in it, and resolves once it is gone from the host. Idempotent. */
  remove(): Promise<void>;
}
