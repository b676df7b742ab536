/**
 * The contract of the dispatcher: what a door passes to it, and what it gets back. It uses callbacks instead of promises, because this is
 * the hot path.
 */
import type { ErrorCode } from "../base/errors/table.ts";
import type { ErrorDetails } from "../base/errors/error.ts";
import type { InvocationInput, TraceContext } from "../wire/host-end.ts";
import type { InvocationTiming } from "../telemetry/platform-event.ts";

/** What must be run. Its parts cross the wire unchanged: see docs/guest-protocol.md, Heads. */
export interface InvocationRequest {
  /** The app's id. */
  app: string;
  /** The app's name, for errors. */
  appName: string;
  function: string;
  /** What of the app is called, if it is not `live`: see Branch. */
  branch?: string | undefined;
  /** Keeps a caller at its revision where the alias asks for that. */
  key?: string | undefined;
  /** Milliseconds from the arrival to the deadline. */
  timeoutMs: number;
  /** Which attempt at the same work this is, counted from 1 by the one who repeats failed work. */
  attempt: number;
  trace: TraceContext;
  /** What the function gets, except the body. */
  input: InvocationInput;
  /**
   * The whole body if it was there at once; null if there is none; "stream" if it comes through `write` and `end`. The body of an event is
   * its JSON.
   */
  body: Buffer | null | "stream";
}

/** Calls come in this order: head, data*, end. `fail` may come at any time and is the last call. */
export interface InvocationReply {
  /** @param body may be empty @param ended if true, nothing follows, and `end` is not called */
  head(status: number, headers: string[], body: Buffer, ended: boolean, timing: InvocationTiming): void;
  data(chunk: Buffer): void;
  end(): void;
  fail(code: ErrorCode, details: ErrorDetails): void;
  /** Called when the guest accepts body bytes again. */
  drain(): void;
}

export interface InvocationHandle {
  /** Shown to callers and in logs; unique for the life of the state folder. */
  readonly id: string;
  /**
   * Only for the body "stream". Returns false if the caller should wait for `drain`. While there is no machine yet, bytes are buffered, up
   * to the first window.
   */
  write(chunk: Buffer): boolean;
  /** The request body is complete. */
  end(): void;
  /** The caller has taken this many bytes of the reply's body, so more may come. */
  consumed(bytes: number): void;
  /** The caller went away. Nothing is called on the reply from now on. */
  abort(): void;
}

export interface Dispatcher {
  dispatch(request: InvocationRequest, reply: InvocationReply): InvocationHandle;
}
