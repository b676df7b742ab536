/** The lines that an agent sends, bounded: a line is a message, which is kept in memory whole, and one that is too long is answered with an error and read no further. */
import { Transform, type TransformCallback } from "node:stream";

/** Of a line, bytes. */
export const MOST_LINE_BYTES = 4 * 2 ** 20;
/** Of a line that is too long, what is kept of its beginning and of its end: the id of the message stands in one of them. */
const KEPT_BYTES = 256;
const NEWLINE = 10;
/** JSON-RPC's code for what is no valid request. */
const INVALID_REQUEST = -32_600;
const ID = String.raw`"id"\s*:\s*(\d{1,15}|"[^"\\]{1,100}")`;
const atStart = new RegExp(String.raw`^\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?${ID}`);
const atEnd = new RegExp(String.raw`${ID}\s*\}\s*$`);

/** Passes on lines, each in one piece. @param refuse is called with the answer to a line that is too long, of JSON */
export class BoundedLines extends Transform {
  readonly #refuse: (answer: string) => void;
  #pieces: Buffer[] = [];
  #bytes = 0;

  constructor(refuse: (answer: string) => void) {
    super();
    this.#refuse = refuse;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    for (let from = 0; from < chunk.length;) {
      const end = chunk.indexOf(NEWLINE, from);
      this.#take(chunk.subarray(from, end < 0 ? undefined : end + 1));
      if (end < 0) break;
      this.#end();
      from = end + 1;
    }
    done();
  }

  #take(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    if (this.#bytes > MOST_LINE_BYTES) {
      const all = Buffer.concat(this.#pieces);
      this.#pieces = [Buffer.from(all.subarray(0, KEPT_BYTES)), Buffer.from(all.subarray(KEPT_BYTES).subarray(-KEPT_BYTES))];
    }
  }

  #end(): void {
    const line = Buffer.concat(this.#pieces);
    if (this.#bytes <= MOST_LINE_BYTES) this.push(line);
    else this.#refuse(refusalOf(line));
    this.#pieces = [];
    this.#bytes = 0;
  }
}

/** @param ends the beginning and the end of the line */
function refusalOf(ends: Buffer): string {
  const [start, end] = [ends.subarray(0, KEPT_BYTES).toString(), ends.subarray(KEPT_BYTES).toString()];
  const id = (atStart.exec(start) ?? atEnd.exec(end))?.[1];
  return JSON.stringify({
    jsonrpc: "2.0",
    id: id === undefined ? null : (JSON.parse(id) as unknown),
    error: { code: INVALID_REQUEST, message: `A message may have ${MOST_LINE_BYTES} bytes, and this one has more. Send less at once.` },
  });
}
