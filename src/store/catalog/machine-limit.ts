import type { Manifest } from "./manifest.ts";

/** A machine that would never have room: its callers would wait for it in vain. @param most of all machines together @returns what is wrong, as a clause */
export function tooLargeMachine(
  { memoryMb, vcpus }: Pick<Manifest, "memoryMb" | "vcpus">,
  most: { maxMemoryMb: number; maxVcpus: number },
): string | undefined {
  if (memoryMb > most.maxMemoryMb)
    return `memoryMb is ${memoryMb}, but all machines of this host together may have ${Math.floor(most.maxMemoryMb)}`;
  return vcpus > most.maxVcpus ? `vcpus is ${vcpus}, but all machines of this host together may have ${most.maxVcpus}` : undefined;
}
