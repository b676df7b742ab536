/** The only place that starts QEMU: always confined, with nothing but the descriptors that it is given. */
import { type ChildProcess, spawn } from "node:child_process";

import { spawned } from "../spawned.ts";
import type { Confined } from "./confinement.ts";

/**
 * What QEMU holds in addition to the guest's memory (translated code, its heap, page tables), and its own threads, which move bytes, in
 * addition to the guest's processors.
 */
export const QEMU_OVERHEAD = { memoryMb: 192, vcpus: 0.5 };

/** For each of QEMU's descriptors, by its number: a descriptor of ours, a new pipe or socket, or nothing. */
export type QemuDescriptors = ("ignore" | "pipe" | number)[];

/** Throws if no process can be started. The descriptors stay open for the caller. */
export function spawnQemu(confined: Confined, args: string[], descriptors: QemuDescriptors): ChildProcess & { pid: number } {
  const [program, ...before] = confined.command as [string, ...string[]];
  // QEMU gets a process group of its own, because Ctrl-C in the server's terminal must not reach it: the server lets invocations finish.
  const child = spawn(program, [...before, ...args], { cwd: "/", env: {}, stdio: descriptors, detached: true });
  return spawned(child) as ChildProcess & { pid: number };
}
