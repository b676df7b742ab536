/** Lines of a log, as they are kept and searched in a page. Pure. */
import type { LogLineReply } from "./replies.ts";

/** A line with a number, by which it is told from others. */
export interface NumberedLine extends LogLineReply {
  number: number;
}

export const MOST_LINES = 2_000;

/** Characters of the texts of all lines that are kept: an open page is not to fill the browser's memory. */
const MOST_CHARACTERS = 8_000_000;

/** The newest lines, at most MOST_LINES, and fewer if they are very long. */
export function withMore(lines: readonly NumberedLine[], more: readonly LogLineReply[]): NumberedLine[] {
  const next = (lines.at(-1)?.number ?? 0) + 1;
  const all = [...lines, ...more.map((line, index) => ({ ...line, number: next + index }))].slice(-MOST_LINES);
  let room = MOST_CHARACTERS;
  const first = all.findLastIndex(({ text }) => (room -= text.length) < 0);
  return first < 0 ? all : all.slice(first + 1);
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
