/**
 * The contract of the dispatcher: what a door hands to it, and gets back. It is the hot path, so there are callbacks and no promises.
 */
import type { ErrorCode } from "../base/errors/table.ts";
import type { ErrorDetails } from "../base/errors/error.ts";
import type { InvocationInput, TraceContext } from "../wire/host-end.ts";
import type { InvocationTiming } from "../telemetry/platform-event.ts";

/** What is to be run. Its parts cross the wire as they are: see docs/guest-protocol.md, Heads. */
export interface InvocationRequest {
  /** The app's id. */
  app: string;
  /** What callers call the app: for errors. */
  appName: string;
  function: string;
  /** Milliseconds from arrival to deadline. */
  timeoutMs: number;
  /** Which attempt at the same work this is, for whoever repeats what failed; 1 is the first. */
  attempt: number;
  trace: TraceContext;
  /** What the function gets, but for the body. */
  input: InvocationInput;
  /** The whole body if it was there at once; null where there is none; "stream" where it comes through `write` and `end`. Of an event: its JSON. */
  body: Buffer | null | "stream";
}

/** Calls come in this order: head, data*, then end. `fail` may come at any time and is the last. */
export interface InvocationReply {
  /** @param body may be empty @param ended nothing follows, and `end` is not called */
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
