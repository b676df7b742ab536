/**
 * Reads what a machine prints no faster than COST_PER_SECOND. A program can write gigabytes a second to its output, and each line costs the process that serves all
 * apps some work, also where it is dropped: whoever prints more waits, as for a slow terminal.
 */
import type { Readable } from "node:stream";
import { guarded } from "../../base/errors/guarded.ts";
import type { Clock } from "../../base/clock/clock.ts";

/** A byte costs one, and a line LINE_COST more. What an app's log takes is far less (PrintedLines). */
const COST_PER_SECOND = 8 * 1_048_576;
const LINE_COST = 64;
/** What may be read at once after a while without output. */
const COST_AT_ONCE = 2 * COST_PER_SECOND;
const NEWLINE = 10;

/** The source must have another listener for its data, which sets it flowing. */
export function pacePrinted(source: Readable, clock: Pick<Clock, "now" | "after">): void {
  let left = COST_AT_ONCE;
  let since = clock.now();
  const stop = () => source.destroy();
  const onData = (chunk: Buffer) => {
    const now = clock.now();
    left = Math.min(COST_AT_ONCE, left + ((now - since) * COST_PER_SECOND) / 1_000) - costOf(chunk);
    since = now;
    if (left >= 0) return;
    source.pause();
    clock.after((-left * 1_000) / COST_PER_SECOND, () => source.resume());
  };
  source.on("data", guarded(onData, stop));
}

function costOf(chunk: Buffer): number {
  let lines = 0;
  // A call of indexOf() for each line would cost more than looking at each byte.
  for (let at = 0; at < chunk.length; at++) if (chunk[at] === NEWLINE) lines += 1;
  return chunk.length + lines * LINE_COST;
}
