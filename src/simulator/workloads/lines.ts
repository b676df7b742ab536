/** Reads files a piece at a time, with synchronous calls, because the simulator takes a workload's invocations synchronously. */
import { closeSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";

const PIECE_BYTES = 1_048_576;

/** Yields texts of many whole lines, each line with its line end. @throws the system's error if the file cannot be read */
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
