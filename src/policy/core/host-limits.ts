/** How many machines the host may have, how fast it may start them, and whether it is busy. */
import { BUSY, CPU_OF_START } from "../constants.ts";
import type { OpaqueKind } from "../policy.ts";
import type { MachineEntry, PackingState } from "./packing-state.ts";

/** Whether the host has room for one more machine of the kind. */
export function hasRoom({ options, use }: PackingState, { memoryMb, vcpus }: OpaqueKind): boolean {
  if (use.machines >= options.maxMachines) return false;
  return use.memoryMb + memoryMb <= options.maxMemoryMb && use.vcpus + vcpus <= options.maxVcpus;
}

/** Whether machines, also those that are starting, use so much of the host's CPU that one more would take its CPU from the others. */
export function hostIsBusy({ options, cpuUsed, pools }: PackingState): boolean {
  if (options.hostCpus === undefined) return false;
  let used = cpuUsed;
  for (const { starting } of pools) used += starting.length * CPU_OF_START;
  return used > BUSY * options.hostCpus;
}

/** Notes the CPUs that a machine uses from now on, as far as is known. */
export function noteCpu(state: PackingState, machine: MachineEntry, cpu: number): void {
  state.cpuUsed += cpu - machine.cpu;
  machine.cpu = cpu;
}

/** Whether a machine may be started now; if so, it counts as started. Starts are taken from a bucket that holds as many as are allowed in a second. */
export function takeStart({ options, starts }: PackingState, now: number): boolean {
  const { startsPerSecond } = options;
  const most = Math.max(1, startsPerSecond);
  starts.left = Math.min(most, starts.left + ((now - starts.at) / 1_000) * startsPerSecond);
  starts.at = now;
  if (starts.left < 1 - 1e-9) {
    starts.nextAt = now + ((1 - starts.left) / startsPerSecond) * 1_000;
    return false;
  }
  starts.left--;
  return true;
}
