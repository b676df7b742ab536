/** A Bind that is arriving: its message, the app's files, which are written as they come, and the code that follows. */
import type { BindMessage } from "../../../../wire/protocol.ts";
import type { StreamEnd } from "../../../agent/connection.ts";
import { IncomingFiles } from "../../../agent/files/incoming-files.ts";

/** @param failure what the files could not be written for; null if they could */
type OnComplete = (message: BindMessage, code: Buffer, failure: unknown) => void;

export class Binding implements StreamEnd {
  readonly #chunks: Buffer[] = [];
  readonly #onComplete: OnComplete;
  #message: BindMessage | null = null;
  #files: IncomingFiles | null = null;
  #failure: unknown = null;
  #ended = false;

  constructor(onComplete: OnComplete) {
    this.#onComplete = onComplete;
  }

  begin(payload: Buffer, ended: boolean): void {
    const headEnd = 4 + payload.readUInt32LE(0);
    this.#message = JSON.parse(payload.toString("utf8", 4, headEnd)) as BindMessage;
    this.#try(() => (this.#files = new IncomingFiles(this.#message!.files)));
    this.data(Buffer.from(payload.subarray(headEnd)), ended);
  }

  data(chunk: Buffer, ended: boolean): void {
    if (this.#ended) return;
    this.#ended = ended;
    this.#try(() => {
      const code = this.#files!.push(chunk);
      if (code.length > 0) this.#chunks.push(code);
    });
    if (ended) this.#onComplete(this.#message!, Buffer.concat(this.#chunks), this.#failure);
  }

  credit(): void {}
  reset(): void {}

  /** After a failure the rest of the Bind is dropped. */
  #try(step: () => void): void {
    if (this.#failure !== null) return;
    try {
      step();
    } catch (error) {
      this.#failure = error;
    }
  }
}
