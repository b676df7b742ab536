import type { ExitReason } from "../driver.ts";

/** What the console says of a guest that ended by itself. */
export function reasonOf(console: string): Exclude<ExitReason, "killed"> {
  if (/heap out of memory|out of memory: (killed process|compulsory|system is deadlocked)/i.test(console)) return "out-of-memory";
  const init = /Attempted to kill init! exitcode=0x([0-9a-f]{8})/.exec(console);
  // The agent is the guest's init: its kernel panics when it ends. The low byte is the signal, if one ended it.
  if (init?.[1] !== undefined) return Number.parseInt(init[1].slice(6), 16) === 0 ? "exited" : "crashed";
  return /Kernel panic|Oops:|BUG:/.test(console) ? "crashed" : "exited";
}
