import { fileName } from "./files.ts";
import { linesBackwards } from "./lines-backwards.ts";
import type { LogLine, LogQuery } from "./logs.ts";

/**
 * How far lines may be out of order, because they are stored in the order of their appending: reading backwards stops at a line that is
 * this much older than `since`.
 */
const DISORDER_MS = 60_000;

/** The newest lines that match, oldest first. */
export async function readTail(newest: string, files: number, query: LogQuery): Promise<LogLine[]> {
  const found: LogLine[] = [];
  if (query.tail === 0) return found;
  for (let age = 0; age < files; age++) {
    for await (const text of linesBackwards(fileName(newest, age))) {
      const line = parse(text);
      if (!line) continue;
      if (query.since !== undefined && line.at < query.since - DISORDER_MS) return found.toReversed();
      if (matches(line, query)) found.push(line);
      if (found.length === query.tail) return found.toReversed();
    }
  }
  return found.toReversed();
}

export function matches(line: LogLine, { function: name, invocation, since }: LogQuery): boolean {
  if (invocation !== undefined && line.invocation !== invocation) return false;
  return (name === undefined || line.function === name) && (since === undefined || line.at >= since);
}

/** Undefined for the half line that a kill in the middle of a write leaves behind. */
function parse(text: string): LogLine | undefined {
  if (!text.startsWith("{") || !text.endsWith("}")) return undefined;
  try {
    return JSON.parse(text) as LogLine;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
