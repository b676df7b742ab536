import type { Manifest } from "./manifest.ts";

/**
 * Refuses a machine that is larger than all machines together may be: it would never start, and its callers would wait in vain. @param most
 * the limits of all machines together @param whose of which machines they are the limits @returns what is wrong, as a clause
 */
export function tooLargeMachine(
  { memoryMb, vcpus }: Pick<Manifest, "memoryMb" | "vcpus">,
  most: { maxMemoryMb: number; maxVcpus: number },
  whose = "of this host",
): string | undefined {
  if (memoryMb > most.maxMemoryMb)
    return `memoryMb is ${memoryMb}, but all machines ${whose} together may have ${Math.floor(most.maxMemoryMb)}`;
  return vcpus > most.maxVcpus ? `vcpus is ${vcpus}, but all machines ${whose} together may have ${most.maxVcpus}` : undefined;
}
