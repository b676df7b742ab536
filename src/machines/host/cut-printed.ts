/**
 * Cuts what a machine prints into lines. The bytes come from a guest: a line without an end is told in pieces, so that no more than PIECE characters wait
 * here.
 */
import { StringDecoder } from "node:string_decoder";

const PIECE = 8_192;

export interface PrintedCutter {
  take: (chunk: Buffer) => void;
  /** Tells what is left. */
  end: () => void;
}

export function cutPrinted(tell: (text: string) => void): PrintedCutter {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  const line = (text: string) => tell(text.endsWith("\r") ? text.slice(0, -1) : text);
  return {
    take(chunk) {
      const lines = (rest + decoder.write(chunk)).split("\n");
      rest = lines.pop()!;
      for (const each of lines) line(each);
      for (; rest.length > PIECE; rest = rest.slice(PIECE)) tell(rest.slice(0, PIECE));
    },
    end() {
      const last = rest + decoder.end();
      rest = "";
      if (last !== "") line(last);
    },
  };
}
