import type { IncomingMessage } from "node:http";
import { AwsError } from "../../control/lambda/aws-error.ts";
import { guarded } from "../../base/errors/guarded.ts";

/** Bounds how many bytes of requests are in memory, of all requests together. */
export class BodyBudget {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Returns whether there was room. */
  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  give(bytes: number): void {
    this.#left += bytes;
  }
}

export interface ReadBody {
  bytes: Buffer;
  /** Called once the bytes are not needed any more. */
  release(): void;
}

/** Rejects with an AwsError if the body is too large, or all of them together are, and with an Error if the client leaves. */
export function readBody(request: IncomingMessage, most: number, operation: string, budget: BodyBudget): Promise<ReadBody> {
  const { promise, resolve, reject } = Promise.withResolvers<ReadBody>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const release = () => {
    budget.give(bytes);
    bytes = 0;
  };
  const fail = (error: unknown) => {
    request.removeListener("data", onData);
    chunks.length = 0;
    release();
    reject(error);
  };
  const onData = guarded((chunk: Buffer) => {
    if (!budget.take(chunk.length))
      return fail(new AwsError("TooManyRequestsException", "Rate Exceeded.", { Reason: "CallerRateLimitExceeded" }));
    bytes += chunk.length;
    if (bytes > most) return fail(tooLarge(most, operation));
    return void chunks.push(chunk);
  }, fail);
  if (Number(request.headers["content-length"] ?? 0) > most) {
    reject(tooLarge(most, operation));
    return promise;
  }
  request.on("data", onData);
  request.on(
    "end",
    guarded(() => resolve({ bytes: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks), release }), fail),
  );
  request.on("error", guarded(fail, fail));
  request.on(
    "close",
    guarded(() => (request.complete ? undefined : fail(new Error("the client left before its request was whole"))), fail),
  );
  return promise;
}

function tooLarge(most: number, operation: string): AwsError {
  return new AwsError("RequestEntityTooLargeException", `Request must be smaller than ${most} bytes for the ${operation} operation`);
}
