/**
 * What the gateway hands to the dispatcher, and gets back. The hot path: one object an invocation, callbacks, no promises.
 */
import type { ErrorCode } from "../base/errors/table.ts";
import type { ErrorDetails } from "../base/errors/error.ts";

/** The request as it crosses the wire; see docs/guest-protocol.md, Heads. */
export interface InvocationRequest {
  /** The app's id. */
  app: string;
  /** What callers call the app: for errors. */
  appName: string;
  function: string;
  /** Milliseconds from arrival to deadline. */
  timeoutMs: number;
  method: string;
  /** Absolute. */
  url: string;
  /** name, value, name, value…; hop-by-hop headers already removed. */
  headers: string[];
  /** The whole body if it was there at once; null where there is none; "stream" where it comes through `write` and `end`. */
  body: Buffer | null | "stream";
}

/** Milliseconds, each measured on the host. */
export interface InvocationTiming {
  /** Waited for a slot with nothing being started for it. */
  queue: number;
  /** Waited for a machine to start. */
  start: number;
  /** Waited for a blank to be bound. */
  bind: number;
  /** From the first byte sent to the guest to the reply's head. */
  run: number;
}

/** Calls come in this order: head, data*, end | fail; `fail` may come at any time and is the last. */
export interface InvocationReply {
  /** `body` may be empty. `ended`: nothing follows, `end` is not called. */
  head(status: number, headers: string[], body: Buffer, ended: boolean, timing: InvocationTiming): void;
  data(chunk: Buffer): void;
  end(): void;
  fail(code: ErrorCode, details: ErrorDetails): void;
  /** The guest takes body bytes again. */
  drain(): void;
}

export interface InvocationHandle {
  /** Shown to callers and in logs; unique for the life of the state folder. */
  readonly id: string;
  /** False: wait for `drain`. Only for body "stream". Bytes are buffered while there is no machine yet, within the first window. */
  write(chunk: Buffer): boolean;
  /** The request body is complete. */
  end(): void;
  /** The caller took this many reply body bytes: more may come. */
  consumed(bytes: number): void;
  /** The caller went away. No more calls on the reply. */
  abort(): void;
}

export interface Dispatcher {
  dispatch(request: InvocationRequest, reply: InvocationReply): InvocationHandle;
}
