/** How a machine's memory is divided inside Node, and how Node's end tells what it died of. */
import type { ExitReason } from "../driver.ts";

/** What Node holds beside its old space: code, stacks, young space, buffers in flight. */
const NODE_OWN_MB = 64;

/** Size of V8's old space in a machine of so much memory. */
export function heapMb(memoryMb: number): number {
  return Math.max(memoryMb - NODE_OWN_MB, Math.floor(memoryMb / 2));
}

/** @param code null where a signal ended it; a shell's 128 + signal means the same */
export function reasonOfNode(code: number | null, output: string): Exclude<ExitReason, "killed"> {
  if (/heap out of memory|Allocation failed - /.test(output)) return "out-of-memory";
  return code === null || code > 128 ? "crashed" : "exited";
}
