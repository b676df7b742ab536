/**
 * Writes what a function replies to the client while it comes, no faster than the client takes it. When the client has gone away the rest is dropped, and the
 * function goes on, as in AWS Lambda.
 */
import type { ServerResponse } from "node:http";
import { guarded } from "../../../base/errors/guarded.ts";
import type { InvocationHandle } from "../../../dispatch/invocation.ts";
import { PacedWriter } from "../../../wire/paced-writer.ts";

export class ReplyWriter {
  readonly #response: ServerResponse;
  readonly #writer: PacedWriter;
  #handle: InvocationHandle | undefined;
  /** Bytes of the function's for which it was granted no further ones yet. */
  #owed = 0;
  #isGone = false;

  constructor(response: ServerResponse) {
    this.#response = response;
    this.#writer = new PacedWriter({
      write: (bytes, written) => void response.write(bytes, written),
      taken: (bytes) => this.#grant(Math.min(this.#owed, bytes)),
    });
    response.on(
      "close",
      guarded(
        () => this.#gone(),
        () => {},
      ),
    );
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  of(handle: InvocationHandle): void {
    this.#handle = handle;
    if (this.#isGone) this.#grant(this.#owed);
  }

  /** @param bytes as they are sent @param own how many bytes of the function's are in them */
  write(bytes: Buffer, own: number): void {
    this.#owed += own;
    if (this.#isGone) this.#grant(this.#owed);
    else this.#writer.write(bytes);
  }

  end(): void {
    if (!this.#isGone) this.#writer.end(() => this.#response.end());
  }

  #gone(): void {
    this.#isGone = true;
    this.#grant(this.#owed);
  }

  #grant(bytes: number): void {
    if (this.#handle === undefined || bytes === 0) return;
    this.#owed -= bytes;
    this.#handle.consumed(bytes);
  }
}
