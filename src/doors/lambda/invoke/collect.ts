/** Collects what a function replies, up to a limit. */
import type { AwsError } from "../../../control/lambda/aws-error.ts";
import type { InvocationHandle } from "../../../dispatch/invocation.ts";
import type { FunctionFailure } from "./failures.ts";
import { type Ended, type Run, run, type RunParts, type RunSink } from "./run.ts";

/** What came of an invocation. */
export interface Outcome {
  /** The result, or the document of the failure. */
  payload: Buffer;
  isFailure: boolean;
  /** Of a failure that the function did not report itself. */
  failure: FunctionFailure | undefined;
  log: string | undefined;
}

/** Rejects with an AwsError if the function was not run. @param most bytes of a result */
export async function runWhole(parts: RunParts, order: Run, most: number): Promise<Outcome> {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  const collector = new Collector(most, resolve, reject);
  collector.of(run(parts, order, collector));
  return promise;
}

class Collector implements RunSink {
  readonly #most: number;
  readonly #done: (outcome: Outcome) => void;
  readonly #refused: (error: AwsError) => void;
  #handle: InvocationHandle | undefined;
  /** Bytes that were taken before the handle was there. */
  #untold = 0;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(most: number, done: (outcome: Outcome) => void, refused: (error: AwsError) => void) {
    this.#most = most;
    this.#done = done;
    this.#refused = refused;
  }

  of(handle: InvocationHandle): void {
    this.#handle = handle;
    if (this.#untold > 0) handle.consumed(this.#untold);
  }

  head(): void {}

  data(chunk: Buffer): void {
    this.#bytes += chunk.length;
    // The bytes are the wire's, and are used again there. What is over the limit is only counted.
    if (this.#bytes <= this.#most) this.#chunks.push(Buffer.from(chunk));
    else this.#chunks.length = 0;
    if (this.#handle === undefined) this.#untold += chunk.length;
    else this.#handle.consumed(chunk.length);
  }

  ended({ failure, log }: Ended): void {
    const own = failure === "reported" ? undefined : (failure ?? this.#tooLarge());
    const payload = own === undefined ? this.#whole() : Buffer.from(JSON.stringify(own));
    this.#done({ payload, isFailure: failure !== null || own !== undefined, failure: own, log });
  }

  refused(error: AwsError): void {
    this.#refused(error);
  }

  #whole(): Buffer {
    return this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
  }

  #tooLarge(): FunctionFailure | undefined {
    if (this.#bytes <= this.#most) return undefined;
    return {
      errorType: "Function.ResponseSizeTooLarge",
      errorMessage: `Response payload size exceeded maximum allowed payload size (${this.#most} bytes).`,
    };
  }
}
