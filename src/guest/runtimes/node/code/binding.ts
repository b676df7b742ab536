/** A Bind that is arriving: its message, and the code that follows. */
import type { BindMessage } from "../../../../wire/protocol.ts";
import type { StreamEnd } from "../../../agent/connection.ts";

export class Binding implements StreamEnd {
  readonly #chunks: Buffer[] = [];
  readonly #onComplete: (message: BindMessage, code: Buffer) => void;
  #message: BindMessage | null = null;

  constructor(onComplete: (message: BindMessage, code: Buffer) => void) {
    this.#onComplete = onComplete;
  }

  begin(payload: Buffer, ended: boolean): void {
    const headEnd = 4 + payload.readUInt32LE(0);
    this.#message = JSON.parse(payload.toString("utf8", 4, headEnd)) as BindMessage;
    this.data(Buffer.from(payload.subarray(headEnd)), ended);
  }

  data(chunk: Buffer, ended: boolean): void {
    this.#chunks.push(chunk);
    if (ended) this.#onComplete(this.#message!, Buffer.concat(this.#chunks));
  }

  credit(): void {}
  reset(): void {}
}
