/** A line of a server's own log, in words: for a terminal that shows the server's apps. */
import { harmless, yellow } from "../base/terminal/terminal.ts";

/** @param line JSON, as the server's log has it; anything else is shown as it is */
export function serverLineInWords(line: string): string {
  const { msg, err } = parsed(line);
  const why = err?.message;
  const text = [msg ?? line, ...(why === undefined || why === msg ? [] : [why])].join(": ");
  return `${yellow("!", process.stderr)} server: ${harmless(text)}`;
}

function parsed(line: string): { msg?: string; err?: { message?: string } } {
  try {
    return (JSON.parse(line) ?? {}) as ReturnType<typeof parsed>;
  } catch {
    return {};
  }
}
