/** What the host may hold, and how fast it may start. */
import { BUSY, CPU_OF_START } from "../constants.ts";
import type { OpaqueKind } from "../policy.ts";
import type { MachineEntry, PackingState } from "./packing-state.ts";

/** Whether one more machine of the kind fits. */
export function hasRoom({ options, use }: PackingState, { memoryMb, vcpus }: OpaqueKind): boolean {
  if (use.machines >= options.maxMachines) return false;
  return use.memoryMb + memoryMb <= options.maxMemoryMb && use.vcpus + vcpus <= options.maxVcpus;
}

/** Whether machines, those that are starting among them, use all of the host's CPU: one more would take its share from the others. */
export function hostIsBusy({ options, cpuUsed, pools }: PackingState): boolean {
  if (options.hostCpus === undefined) return false;
  let used = cpuUsed;
  for (const { starting } of pools) used += starting.length * CPU_OF_START;
  return used > BUSY * options.hostCpus;
}

/** CPUs that a machine uses from now on, as far as is known. */
export function noteCpu(state: PackingState, machine: MachineEntry, cpu: number): void {
  state.cpuUsed += cpu - machine.cpu;
  machine.cpu = cpu;
}

/** Whether one may be started now; if so, it counts as started. A bucket that holds a second's worth of starts. */
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
