import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { stripVTControlCharacters } from "node:util";
import { guarded } from "../../base/errors/guarded.ts";

/** The longest line, in bytes. Longer lines are cut into pieces, because nothing that a guest prints may fill the relay's memory. */
export const LINE_BYTES = 8_192;
/** The most lines in one message. */
export const LINES_AT_ONCE = 128;

/**
 * Reports the lines that a guest prints on its console, without colours, and reads no further until they were taken.
 * @param tell resolves when the lines were taken
 * @param ended called when the console is closed and all of its lines were reported
 */
export function readConsole(source: Readable, tell: (lines: string[]) => Promise<void>, ended: () => void): void {
  let rest = "";
  const decoder = new StringDecoder("utf8");
  let telling = Promise.resolve();
  const stop = () => source.destroy();
  source.on(
    "data",
    guarded((chunk: Buffer) => {
      const lines = (rest + decoder.write(chunk)).split("\n");
      rest = lines.pop() ?? "";
      while (rest.length > LINE_BYTES) {
        lines.push(rest.slice(0, LINE_BYTES));
        rest = rest.slice(LINE_BYTES);
      }
      source.pause();
      telling = tellAll(lines.flatMap(pieces)).finally(() => source.resume());
    }, stop),
  );
  source.on("error", () => source.destroy());
  source.on(
    "close",
    guarded(() => telling.then(() => tellAll(pieces(rest))).then(ended, ended), ended),
  );

  async function tellAll(lines: string[]): Promise<void> {
    for (let at = 0; at < lines.length; at += LINES_AT_ONCE) await tell(lines.slice(at, at + LINES_AT_ONCE));
  }
}

/** The line in pieces; empty lines are dropped. */
function pieces(line: string): string[] {
  const text = stripVTControlCharacters(line).replaceAll("\r", "").trimEnd();
  const found: string[] = [];
  for (let at = 0; at < text.length; at += LINE_BYTES) found.push(text.slice(at, at + LINE_BYTES));
  return found;
}
