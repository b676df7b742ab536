/** Keeps the last bytes that a machine printed, and tells its lines to whoever follows them. */
import type { Readable } from "node:stream";
import { guarded } from "../../base/errors/guarded.ts";
import type { TakePrinted } from "../driver.ts";
import { cutPrinted } from "./cut-printed.ts";

export interface ConsoleTail {
  /** At most the last 16 KiB, without control characters. */
  text(): string;
  /** The last lines, or the one line of a fatal error of V8's. @param noise lines that are left out */
  lastLines(count: number, noise?: RegExp): string[];
  /** Tells each line that is printed from now on, and forgets what came before: a runtime's words at its start are no reason of the end of an app's machine. @param noise lines that are not told */
  follow(take: TakePrinted, noise?: RegExp): void;
}

/** Where the second source is a program's standard error, it is the one of errors. */
const ERRORS = 1;
/** Bytes. The cause of a guest's death may come before a long backtrace. */
const LIMIT = 16_384;

export function keepTail(...sources: Readable[]): ConsoleTail {
  let tail = Buffer.alloc(0);
  const add = (chunk: Buffer) => (tail = Buffer.concat([tail, chunk]).subarray(-LIMIT));
  for (const source of sources) {
    const stop = () => source.destroy();
    source.on("data", guarded(add, stop));
    source.on(
      "error",
      guarded((error: Error) => add(Buffer.from(`[console: ${error.message}]`)), stop),
    );
  }
  const text = () => printable(tail.toString("latin1"));
  return {
    text,
    lastLines(count, noise) {
      const lines = text()
        .split("\n")
        .filter((line) => line !== "" && noise?.test(line) !== true);
      return lastWords(lines, count);
    },
    follow(take, noise) {
      tail = Buffer.alloc(0);
      for (const [at, source] of sources.entries()) {
        const lines = cutPrinted((text) => noise?.test(text) !== true && take(text, at === ERRORS));
        const stop = () => source.destroy();
        source.on("data", guarded(lines.take, stop));
        source.on("end", guarded(lines.end, stop));
      }
    },
  };
}

/** What Node and the agent for Java say of a full heap, Java of memory that it lacks beside its heap, and the agent for Python of an error of its own. */
const NO_MEMORY = /heap out of memory|Allocation failed - |insufficient memory for the Java Runtime Environment|^MemoryError(:|$)/m;

/** Whether a runtime reported that it has no memory left, which is the only sign that tells this end of it from another. */
export function isHeapFull(output: string): boolean {
  return NO_MEMORY.test(output);
}

/** The last lines. Where V8 died of a fatal error, its one line says more than the native stack that follows it. */
export function lastWords(lines: string[], count: number): string[] {
  const fatal = lines.findLastIndex((line) => line.startsWith("FATAL ERROR:"));
  return (fatal < 0 ? lines.slice(-count) : lines.slice(fatal, fatal + 1)).map(shortened);
}

/** Characters. Node prints a line of the app's code above a fatal error, and minified code is one long line that says nothing. */
const LINE_LIMIT = 1_000;

function shortened(line: string): string {
  return line.length > LINE_LIMIT ? `${line.slice(0, LINE_LIMIT)}...` : line;
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
