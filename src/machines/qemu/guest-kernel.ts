/** Everything in which machines differ by the kernel of their guest. All else about machines is the same for each kernel. */
import type { GuestKernelName, RuntimeName } from "../../base/kind/machine-kind.ts";
import type { Accelerator } from "../host/qemu/accelerator.ts";
import type { Board, Bus } from "../host/qemu/words.ts";
import type { ConsoleEnd } from "./console-end.ts";

/** The image that is booted, as QEMU gets it. */
export interface BootImage {
  /** Changes whenever any of the files does. */
  id: string;
  kernel: string;
  /** Absent if the kernel takes none. */
  initrd?: string;
  /** A raw disk, opened for reading only. */
  root: string;
}

export interface GuestKernel {
  name: GuestKernelName;
  /** The kernel's name for people. */
  title: string;
  /** If false, the guest's clock is behind by the age of its template, so templates are made anew every week. */
  clockCanBeSet: boolean;
  board: (accelerator: Accelerator) => Board;
  /** QEMU's words for devices besides the channel's and the root's. */
  devices: (bus: Bus) => string;
  /** Where the guest finds the disk for an app's files, and where it mounts it. Absent if it has none. */
  filesDisk?: { device: string; path: string };
  /** Whether the guest can mount NFS exports, and has a channel for them. */
  mounts: boolean;
  /** Whether the agent can carry the inspector of Node to debuggers. */
  inspects: boolean;
  /** The kernel's command line. @param tscKhz the rate of the host's time stamp counter */
  commandLine: (shape: MachineShape, tscKhz: number) => string;
  /** Matches lines of the kernel's console that say nothing about its end. */
  noise?: RegExp;
  /** Matches lines of the console that the kernel printed, and no program. */
  ownLines: RegExp;
  /** Why a guest ended by itself, from what it printed. */
  endOf: (console: string) => ConsoleEnd;
}

export interface MachineShape {
  guest: GuestKernel;
  accelerator: Accelerator;
  runtime: RuntimeName;
  memoryMb: number;
  vcpus: number;
}
