/** Flags that keep a runtime's heap within its machine's memory, so that a leak ends as the runtime's own error. */
import type { AgentName } from "../../../base/kind/machine-kind.ts";
import { heapFlags } from "./node-limits.ts";

/** Megabytes that Java holds beside its heap: its program, classes, compiled code, stacks of some threads. The agent and a small app take 40. */
const JAVA_OWN_MB = 64;
/** Megabytes. With a smaller heap the agent itself has no room. */
const LEAST_JAVA_HEAP_MB = 24;

/** @param systemMb what a kernel in the machine takes of its memory */
export function javaHeapMb(memoryMb: number, systemMb = 0): number {
  return Math.max(memoryMb - systemMb - JAVA_OWN_MB, LEAST_JAVA_HEAP_MB);
}

const flags: Record<AgentName, (memoryMb: number) => string[]> = {
  node: heapFlags,
  python: () => [],
  java: (memoryMb) => [`-Xmx${javaHeapMb(memoryMb)}m`],
};

/** For a machine without a kernel of its own. */
export function heapOf(runtime: AgentName, memoryMb: number): string[] {
  return flags[runtime](memoryMb);
}
