/** Lines of a log, as they are kept and searched in a page. Pure. */
import type { LogLineReply } from "./replies.ts";

/** A line with a number, by which it is told from others. */
export interface NumberedLine extends LogLineReply {
  number: number;
}

export const MOST_LINES = 2_000;

/** The newest lines, at most MOST_LINES. */
export function withMore(lines: readonly NumberedLine[], more: readonly LogLineReply[]): NumberedLine[] {
  const next = (lines.at(-1)?.number ?? 0) + 1;
  return [...lines, ...more.map((line, index) => ({ ...line, number: next + index }))].slice(-MOST_LINES);
}

/** @param search a part of the text, the function, the level, the machine or the invocation */
export function found(lines: readonly NumberedLine[], search: string): readonly NumberedLine[] {
  const wanted = search.trim().toLowerCase();
  if (wanted === "") return lines;
  return lines.filter(({ text, level, invocation = "", machine = "", ...rest }) =>
    [text, level, invocation, machine, rest.function ?? ""].some((part) => part.toLowerCase().includes(wanted)),
  );
}

/** Lines of JSON, as their text comes in pieces; empty ones, which keep the connection alive, are left out. */
export class LineReader {
  #rest = "";

  take(text: string): LogLineReply[] {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as LogLineReply);
  }
}
