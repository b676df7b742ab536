/** A call that waits until it may be handed on: what its caller does meanwhile is done to the real call later. */
import type { InvocationHandle, InvocationReply } from "../dispatch/invocation.ts";

export class HeldCall implements InvocationHandle {
  readonly id: string;
  readonly #run: () => InvocationHandle;
  readonly #reply: InvocationReply;
  #handle: InvocationHandle | undefined;
  readonly #chunks: Buffer[] = [];
  #trailers: string[] | undefined;
  #aborted = false;

  constructor(id: string, run: () => InvocationHandle, reply: InvocationReply) {
    this.id = id;
    this.#run = run;
    this.#reply = reply;
  }

  /** Hands the call on, unless its caller went away. */
  release(): void {
    if (this.#aborted) return;
    const handle = this.#run();
    this.#handle = handle;
    let takesMore = true;
    for (const chunk of this.#chunks.splice(0)) takesMore = handle.write(chunk);
    if (this.#trailers !== undefined) handle.end(this.#trailers);
    else if (takesMore) this.#reply.drain();
  }

  /** The caller waits for drain() after the first chunk. */
  write(chunk: Buffer): boolean {
    if (this.#handle !== undefined) return this.#handle.write(chunk);
    this.#chunks.push(chunk);
    return false;
  }

  end(trailers: string[] = []): void {
    if (this.#handle !== undefined) this.#handle.end(trailers);
    else this.#trailers = trailers;
  }

  consumed(bytes: number): void {
    this.#handle?.consumed(bytes);
  }

  usedMb(): number {
    return this.#handle?.usedMb() ?? 0;
  }

  abort(): void {
    this.#aborted = true;
    this.#handle?.abort();
  }
}
