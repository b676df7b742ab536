/**
 * Finds out from a guest's console how it ended by itself, because no other part of the host sees the inside of a guest. The app may have
 * printed anything on its console, so what is quoted from it is `output`, and only the app's own machines depend on it.
 */
import { constants } from "node:os";
import { isHeapFull, lastWords } from "../host/console-tail.ts";
import type { MachineExit } from "../exit.ts";

export interface ConsoleEnd extends Pick<MachineExit, "reason" | "detail" | "code" | "signal" | "output"> {
  reason: "exited" | "crashed" | "out-of-memory";
  /** Whether the kernel could not read its disk, or a page of a program was missing, so that the image may be damaged. */
  blamesDisk: boolean;
}

/** Enough lines for a program's message above a short stack. */
const LINES = 6;
/** A line of Linux itself, which begins with the time since boot, because printk.time is on. */
export const kernelLine = /^\[ *\d+\.\d+\]/;

/**
 * Linux prints this at every boot of a machine without PCI, where nothing is wrong. Because of "Fatal", people would take it for the cause
 * of what comes next.
 */
export const kernelNoise = /^(\[ *\d+\.\d+\] )?PCI: Fatal: No config space access function found\r?$/;

/** What Linux prints about a disk that it cannot read, and how the agent ends if a page of its program is missing. */
const DISK_FAULT = /I\/O error, dev vda|erofs: .*(error|corrupt)|Attempted to kill init! exitcode=0x(00008700|000000[08]7)/i;
const LINUX_NO_MEMORY = /out of memory: (killed process|compulsory|system is deadlocked)|not syncing: System is deadlocked on memory/i;

/** The guest's init ends when the agent does, and as it (src/guest/redirect), so that the kernel panics. The panic then only says how the agent ended. */
export function linuxEnd(console: string): ConsoleEnd {
  const lines = console.split("\n").filter((line) => line !== "" && !kernelLine.test(line));
  const panic = /Kernel panic - not syncing: (.*)/.exec(console)?.[1];
  const [, code] = /Attempted to kill init! exitcode=0x([0-9a-f]{8})/.exec(panic ?? "") ?? [];
  const output = lastWords(lines, LINES);
  const blamesDisk = DISK_FAULT.test(console);
  const full = isHeapFull(console) || LINUX_NO_MEMORY.test(console);
  if (code !== undefined) {
    const end = endOfInit(Number.parseInt(code, 16));
    const reason = full ? "out-of-memory" : end.signal === undefined ? "exited" : "crashed";
    return { reason, ...end, output, blamesDisk };
  }
  if (full)
    return { reason: "out-of-memory", detail: "raise memoryMb in the app's mayfly.json, or keep less in memory", output, blamesDisk };
  if (panic !== undefined) return { reason: "crashed", detail: "its kernel panicked", output: [...output, panic], blamesDisk };
  return { reason: /Oops:|BUG:/.test(console) ? "crashed" : "exited", detail: SWITCHED_OFF, output, blamesDisk };
}

const SWITCHED_OFF = "it switched itself off";

/** What a shell adds to the number of the signal that ended a process; init ends so when the agent was ended by one. */
const BY_SIGNAL = 128;
const MOST_SIGNAL = 31;

/** @param status as wait() has it: the low seven bits are the signal, if one ended init itself */
function endOfInit(status: number): Pick<MachineExit, "detail" | "code" | "signal"> {
  const code = (status >> 8) & 0xff;
  const ofAgent = code > BY_SIGNAL && code <= BY_SIGNAL + MOST_SIGNAL ? code - BY_SIGNAL : 0;
  const number = status & 0x7f || ofAgent;
  if (number === 0) return { detail: `its process ended with code ${code}`, code };
  const signal = Object.entries(constants.signals).find(([, each]) => each === number)?.[0] ?? `signal ${number}`;
  return { detail: `its process ended by ${signal}`, signal };
}

/**
 * On OSv, running out of memory outside of V8's heap prints no message of its own. Before June 2026 it was a page fault in the allocator's
 * pool, which only the backtrace shows; since then OSv loops and prints nothing (src/fleet/pulse.ts).
 */
const OSV_NO_MEMORY = /Out of memory: could not reclaim|memory::page_pool::l2::/;
const OSV_CRASH = /^Aborted|Assertion failed|Uncaught signal|\[backtrace\]|page fault outside application/m;
const OSV_FAULT = /^(page fault outside application|Assertion failed|Out of memory|Uncaught signal|Aborted)/;

/** OSv prints this for every system call that glibc and Node try before another one. */
export const osvNoise = /unimplemented system call/;
/** What OSv prints of itself while an app's machine lives. The words of its end are in ConsoleEnd. */
export const osvLine =
  /unimplemented system call|^(\[(registers|backtrace)\]|page fault outside|Assertion failed|Uncaught signal|[A-Z0-9]{2,6}: 0x|0x[0-9a-f]{8,})/;
/** OSv's greeting at each boot. */
const OSV_GREETING = /^OSv v|^eth0: |^Booted up in |^Cmdline: /;

/** OSv powers off when its program ends and, as its command line asks, when it aborts. QEMU's own exit code does not tell the two apart. */
export function osvEnd(console: string): ConsoleEnd {
  const lines = console.split("\n");
  const dump = lines.findIndex((line) => /^\[(registers|backtrace)\]/.test(line));
  const fault = lines.findLast((line) => OSV_FAULT.test(line));
  const own = (dump < 0 ? lines : lines.slice(0, dump)).filter((line) => {
    return line !== "" && line !== fault && !osvNoise.test(line) && !OSV_GREETING.test(line);
  });
  const full = isHeapFull(console) || OSV_NO_MEMORY.test(console);
  return {
    reason: full ? "out-of-memory" : OSV_CRASH.test(console) ? "crashed" : "exited",
    detail: fault === undefined ? SWITCHED_OFF : "its kernel gave up",
    output: [...lastWords(own, LINES), ...(fault === undefined ? [] : [fault])],
    blamesDisk: DISK_FAULT.test(console),
  };
}
