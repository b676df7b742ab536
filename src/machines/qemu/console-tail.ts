/** Keeps the last bytes that a machine printed on its console, and reads from them why it ended. */
import type { Readable } from "node:stream";

import type { ExitReason } from "../driver.ts";

export interface ConsoleTail {
  /** At most the last 4 KiB, without control characters. */
  text(): string;
  /** The last lines in one, for a sentence. */
  lastLines(count: number): string;
}

const LIMIT = 4_096;

export function keepTail(...sources: Readable[]): ConsoleTail {
  let tail = Buffer.alloc(0);
  for (const source of sources) {
    source.on("data", (chunk: Buffer) => (tail = Buffer.concat([tail, chunk]).subarray(-LIMIT)));
    source.on("error", (error) => (tail = Buffer.concat([tail, Buffer.from(`[console: ${error.message}]`)]).subarray(-LIMIT)));
  }
  const text = () => printable(tail.toString("latin1"));
  return {
    text,
    lastLines: (count) => text().split("\n").slice(-count).join(" | "),
  };
}

/** What the console says of a guest that ended by itself. */
export function reasonOf(console: string): Exclude<ExitReason, "killed"> {
  if (/heap out of memory|out of memory: (killed process|compulsory|system is deadlocked)/i.test(console)) return "out-of-memory";
  const init = /Attempted to kill init! exitcode=0x([0-9a-f]{8})/.exec(console);
  // The agent is the guest's init: its kernel panics when it ends. The low byte is the signal, if one ended it.
  if (init?.[1] !== undefined) return Number.parseInt(init[1].slice(6), 16) === 0 ? "exited" : "crashed";
  return /Kernel panic|Oops:|BUG:/.test(console) ? "crashed" : "exited";
}

const ESCAPES = /\p{Cc}\[[0-9;?]*[A-Za-z]|\p{Cc}[c78]/gu;

function printable(text: string): string {
  return text
    .replace(ESCAPES, "")
    .split("\n")
    .map((line) => line.replace(/[^ -~]/g, ""))
    .filter((line) => line.trim() !== "")
    .join("\n");
}
