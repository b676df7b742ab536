/**
 * What a guest's console says of its end, for those whose app it ran: how it ended, in a clause, and what its program said last. A kernel's
 * registers and traces are for the operator.
 */
import { constants } from "node:os";
import { lastWords } from "../console-tail.ts";

export interface LastWords {
  how: string;
  /** Lines of the program, the last ones. */
  said: string[];
}

/** Of a program: enough for a message above a short stack. */
const LINES = 6;
/** What Linux's kernel prints, for printk.time is on. */
const KERNEL_LINE = /^\[ *\d+\.\d+\]/;

/** Printed at every boot of a machine without PCI, which is as it should be: "Fatal" would be taken for the cause of whatever comes next. */
export const kernelNoise = /^(\[ *\d+\.\d+\] )?PCI: Fatal: No config space access function found\r?$/;

/** The agent is init, so that its end is the kernel's: the panic then says no more than how the agent ended. */
export function linuxLastWords(console: string): LastWords {
  const lines = console.split("\n");
  const said = lastWords(
    lines.filter((line) => line !== "" && !KERNEL_LINE.test(line)),
    LINES,
  );
  const panic = /Kernel panic - not syncing: (.*)/.exec(console)?.[1];
  const [, code] = /Attempted to kill init! exitcode=0x([0-9a-f]{8})/.exec(panic ?? "") ?? [];
  if (code !== undefined) return { how: endOfInit(Number.parseInt(code, 16)), said };
  if (panic !== undefined && /^out of memory/i.test(panic))
    return { how: "raise memoryMb in the app's mayfly.json, or keep less in memory", said };
  return { how: panic === undefined ? "it switched itself off" : `its kernel panicked: ${panic}`, said };
}

/** Of OSv's own lines: what it begins with, a fault's registers and backtrace. What it ended with is one line of them. */
export function osvLastWords(console: string): LastWords {
  const lines = console.split("\n");
  const dump = lines.findIndex((line) => /^\[(registers|backtrace)\]/.test(line));
  const fault = lines.findLast((line) =>
    /^(page fault outside application|Assertion failed|Out of memory|Uncaught signal|Aborted)/.test(line),
  );
  const own = (dump < 0 ? lines : lines.slice(0, dump)).filter((line) => line !== "" && line !== fault && !OSV_LINE.test(line));
  return { how: fault === undefined ? "it switched itself off" : `its kernel gave up: ${fault}`, said: lastWords(own, LINES) };
}

/** It says so of every call that glibc and Node try before another; and it greets. */
const OSV_LINE = /unimplemented system call|^OSv v|^eth0: |^Booted up in |^Cmdline: /;

/** @param status as wait() has it */
function endOfInit(status: number): string {
  const signal = status & 0x7f;
  if (signal === 0) return `its process ended with code ${(status >> 8) & 0xff}`;
  const name = Object.entries(constants.signals).find(([, number]) => number === signal)?.[0] ?? `signal ${signal}`;
  return `its process ended by ${name}`;
}
