/** What is kept of a call so that it can be replayed. */
import type { InvocationHandle, InvocationRequest } from "../dispatch/invocation.ts";
import type { EndedCall } from "./ended-call.ts";

/** A longer body is not kept, and its call cannot be replayed. */
const BODY_BYTES = 4_194_304;

export interface KeptCall {
  id: string;
  /** Wall clock, ms since the epoch. */
  at: number;
  request: InvocationRequest;
  body: KeptBody;
  /** Undefined while the call is under way. */
  ended: EndedCall | undefined;
}

/** The body of a request: there at once, or in chunks that pass. */
export class KeptBody {
  readonly #streams: boolean;
  #chunks: Buffer[] | undefined;
  #isComplete: boolean;
  /** How much is kept. */
  bytes: number;
  /** Called with the number of bytes that came, or that were let go of if it is negative. */
  onGrown: (bytes: number) => void = () => undefined;

  constructor(body: InvocationRequest["body"]) {
    this.#streams = body === "stream";
    this.#isComplete = !this.#streams;
    const whole = body === null || body === "stream" ? undefined : body;
    this.#chunks = (whole?.length ?? 0) > BODY_BYTES ? undefined : whole === undefined ? [] : [Buffer.from(whole)];
    this.bytes = this.#chunks?.[0]?.length ?? 0;
  }

  get isWhole(): boolean {
    return this.#isComplete && this.#chunks !== undefined;
  }

  /** The body; null if there was none. Only if it is whole. */
  whole(): Buffer | null {
    const body = Buffer.concat(this.#chunks!);
    return body.length === 0 ? null : body;
  }

  /** The handle by which the caller sends the body; what passes is kept. */
  around(handle: InvocationHandle): InvocationHandle {
    if (!this.#streams) return handle;
    return {
      id: handle.id,
      write: (chunk) => {
        this.#take(chunk);
        return handle.write(chunk);
      },
      end: (trailers) => {
        this.#isComplete = true;
        handle.end(trailers);
      },
      consumed: (bytes) => handle.consumed(bytes),
      usedMb: () => handle.usedMb(),
      abort: () => handle.abort(),
    };
  }

  #take(chunk: Buffer): void {
    if (this.#chunks === undefined) return;
    const grown = this.bytes + chunk.length > BODY_BYTES ? -this.bytes : chunk.length;
    if (grown < 0) this.#chunks = undefined;
    else this.#chunks.push(Buffer.from(chunk));
    this.bytes += grown;
    this.onGrown(grown);
  }
}
