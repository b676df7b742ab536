import type { IncomingMessage } from "node:http";
import { AwsError } from "../../control/lambda/aws-error.ts";
import type { Clock } from "../../base/clock/clock.ts";
import { guarded } from "../../base/errors/guarded.ts";
import type { Shares } from "../../clients/shares.ts";
import { type Holder, strangers } from "./take-place.ts";

/** Who sends the body, as far as its head says. */
export interface BodyOf {
  holder: Holder;
  operation: string;
  /** The most bytes. */
  most: number;
  /** The error if there is no room for the body. */
  noRoom: () => unknown;
}

/** How long a body of strangers may take. */
const STRANGERS_MS = 10_000;

export interface ReadBody {
  bytes: Buffer;
  /** Gives what the bytes take to another holder. Returns whether that one may have it. */
  becomes(holder: Holder): boolean;
  /** Called once the bytes are not needed any more. */
  release(): void;
}

/** Rejects with an AwsError if the body is too large, with what `noRoom` gives if all of them together are, or nobody knows whose it is and it takes long, and with an Error if the client leaves. @param room for the bytes of all bodies */
export function readBody(
  request: IncomingMessage,
  { holder, operation, most, noRoom }: BodyOf,
  clock: Pick<Clock, "after">,
  room: Shares,
): Promise<ReadBody> {
  let [name, part] = holder;
  const { promise, resolve, reject } = Promise.withResolvers<ReadBody>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const release = () => {
    room.give(name, bytes);
    bytes = 0;
  };
  const becomes = ([next, nextPart]: Holder) => {
    const isMoved = room.move(name, next, bytes, nextPart);
    if (isMoved) [name, part] = [next, nextPart];
    return isMoved;
  };
  const fail = (error: unknown) => {
    stopWaiting();
    request.removeListener("data", onData);
    chunks.length = 0;
    release();
    reject(error);
  };
  const onData = guarded((chunk: Buffer) => {
    if (!room.take(name, chunk.length, part)) return fail(noRoom());
    bytes += chunk.length;
    if (bytes > most) return fail(tooLarge(most, operation));
    return void chunks.push(chunk);
  }, fail);
  if (Number(request.headers["content-length"] ?? 0) > most) {
    reject(tooLarge(most, operation));
    return promise;
  }
  const stopWaiting = holder === strangers ? clock.after(STRANGERS_MS, () => fail(noRoom())) : () => {};
  request.on("data", onData);
  request.on(
    "end",
    guarded(() => {
      stopWaiting();
      resolve({ bytes: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks), becomes, release });
    }, fail),
  );
  request.on("error", guarded(fail, fail));
  request.on(
    "close",
    guarded(() => (request.complete ? undefined : fail(new Error("the client left before its request was whole"))), fail),
  );
  return promise;
}

/** That the tenant has as much in the server's memory as it may have. */
export function busy(): AwsError {
  return new AwsError("TooManyRequestsException", "Rate Exceeded.", { Reason: "CallerRateLimitExceeded" });
}

function tooLarge(most: number, operation: string): AwsError {
  return new AwsError("RequestEntityTooLargeException", `Request must be smaller than ${most} bytes for the ${operation} operation`);
}
