/** What a check asks of a booted image, and what comes back. */
import type { Uids } from "../base/uids/uids.ts";
import { kernelNoise } from "../machines/qemu/console-end.ts";

export interface CheckOptions {
  memoryMb: number;
  /** Milliseconds for the boot and all tests together. */
  timeoutMs: number;
  uids: Uids;
}

/** How a test's command ended in the guest, and what it printed. */
export interface Ran {
  code: number;
  output: string;
}

/** The results in the order of the commands. There are fewer where the machine ended before, and then `lastWords` says why. */
export interface Answer {
  ran: Ran[];
  lastWords: string;
}

/** The end of a console, for messages. */
export function endOf(console: string): string {
  const lines = console.trim().split("\n");
  return (
    lines
      .filter((line) => !kernelNoise.test(line))
      .slice(-4)
      .join(" | ") || "(nothing was printed)"
  );
}
