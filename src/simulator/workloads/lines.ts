/** Files read a piece at a time, without waiting: a workload is drawn from, not awaited. */
import { closeSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";

const PIECE_BYTES = 1_048_576;

/** Whole lines, many at a time, each with its end. Throws the system's error where the file cannot be read. */
export function* wholeLines(file: string): Generator<string> {
  const handle = openSync(file, "r");
  try {
    yield* cutAtLines(handle);
  } finally {
    closeSync(handle);
  }
}

function* cutAtLines(handle: number): Generator<string> {
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  const decoder = new StringDecoder("utf8");
  let rest = "";
  for (let length = readSync(handle, piece); length > 0; length = readSync(handle, piece)) {
    const text = rest + decoder.write(piece.subarray(0, length));
    const end = text.lastIndexOf("\n") + 1;
    rest = text.slice(end);
    if (end > 0) yield text.slice(0, end);
  }
  rest += decoder.end();
  if (rest !== "") yield rest;
}
