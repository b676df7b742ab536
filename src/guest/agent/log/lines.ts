/** Cuts what is written to a descriptor into lines. */
import { StringDecoder } from "node:string_decoder";
import type { GuestLogLevel } from "../../../wire/protocol.ts";

/** @param partial if true, the line goes on in what is printed next */
export type Print = (level: GuestLogLevel, text: string, partial?: boolean) => void;

/** @returns a function that takes chunks of text or bytes. Each line is printed as soon as it is written, even if its end is missing */
export function lineCutter(level: GuestLogLevel, print: Print): (chunk: string | Uint8Array, encoding?: BufferEncoding) => void {
  // It decodes characters that chunks of bytes may cut in two.
  const decoder = new StringDecoder("utf8");
  return (chunk, encoding = "utf8") => {
    const plain = typeof chunk === "string" && isText(encoding);
    const text = plain ? chunk : decoder.write(typeof chunk === "string" ? Buffer.from(chunk, encoding) : Buffer.from(chunk));
    let from = 0;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", from)) {
      print(level, text.slice(from, at));
      from = at + 1;
    }
    if (from < text.length) print(level, text.slice(from), true);
  };
}

function isText(encoding: BufferEncoding): boolean {
  return encoding === "utf8" || encoding === "utf-8";
}
