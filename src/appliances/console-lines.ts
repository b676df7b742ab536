import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { stripVTControlCharacters } from "node:util";

/** A line of more is cut in pieces: nothing that a guest prints may fill our memory. */
const LINE_BYTES = 8_192;

/** Calls back with each line that a guest's console prints, without colours. */
export function readLines(source: Readable, onLine: (text: string) => void): void {
  let rest = "";
  const decoder = new StringDecoder("utf8");
  source.on("data", (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) tell(line);
    while (rest.length > LINE_BYTES) {
      tell(rest.slice(0, LINE_BYTES));
      rest = rest.slice(LINE_BYTES);
    }
  });
  source.on("end", () => tell(rest));
  source.on("error", (error) => onLine(`[console: ${error.message}]`));

  function tell(line: string): void {
    const text = stripVTControlCharacters(line).replaceAll("\r", "").trimEnd();
    for (let at = 0; at < text.length; at += LINE_BYTES) onLine(text.slice(at, at + LINE_BYTES));
  }
}
