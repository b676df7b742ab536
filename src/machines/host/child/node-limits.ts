/** How a machine's memory is divided inside Node, and how Node's end tells what it died of. */
import { isHeapFull } from "../console-tail.ts";
import type { ExitReason } from "../../exit.ts";

/** Megabytes that Node holds beside V8's heap: its program, code, stacks, buffers in flight. */
const NODE_OWN_MB = 48;
/** Megabytes. With a smaller heap the agent itself has no room. */
const LEAST_HEAP_MB = 26;
/** Megabytes. V8 lets its young space grow to three times its semi-space, and its default takes no heed of the machine's memory. */
const MOST_SEMI_SPACE_MB = 16;

/**
 * Flags that size V8's heap such that the heap is full before the machine is. Then garbage is collected in time, and a leak ends as Node's error, with its message.
 *
 * @param systemMb what a kernel in the machine takes of its memory
 */
export function heapFlags(memoryMb: number, systemMb = 0): string[] {
  const { oldMb, semiMb } = heapSizes(memoryMb, systemMb);
  return [`--max-old-space-size=${oldMb}`, `--max-semi-space-size=${semiMb}`];
}

export function heapSizes(memoryMb: number, systemMb = 0): { oldMb: number; semiMb: number } {
  const heapMb = Math.max(memoryMb - systemMb - NODE_OWN_MB, LEAST_HEAP_MB);
  // V8 rounds up to a power of two.
  const semiMb = Math.min(MOST_SEMI_SPACE_MB, 2 ** Math.floor(Math.log2(heapMb / 16)));
  return { oldMb: Math.floor(heapMb - 3 * semiMb), semiMb };
}

/** @param code null where a signal ended it; a shell's 128 + signal means the same */
export function reasonOfNode(code: number | null, output: string): ExitReason {
  if (isHeapFull(output)) return "out-of-memory";
  return code === null || code > 128 ? "crashed" : "exited";
}
