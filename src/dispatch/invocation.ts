/**
 * The contract of the dispatcher: what a door passes to it, and what it gets back. It uses callbacks instead of promises, because this is
 * the hot path.
 */
import type { ErrorCode } from "../base/errors/table.ts";
import type { ErrorDetails } from "../base/errors/error.ts";
import type { InvocationInput, TraceContext } from "../wire/host-end.ts";
import type { LogLevel } from "../wire/protocol.ts";
import type { InvocationSource, InvocationTiming } from "../telemetry/platform-event.ts";

/** What must be run. Its parts cross the wire unchanged: see docs/guest-protocol.md, Heads. */
export interface InvocationRequest {
  /** The app's id. */
  app: string;
  /** The app's name, for errors. */
  appName: string;
  function: string;
  /** What of the app is called, if it is not `live`: the name of a branch, see Branch, or what branchOfPin() returns. */
  branch?: string | undefined;
  /** Keeps a caller at its revision where the alias asks for that. */
  key?: string | undefined;
  /** The tenant id that the caller names, as received. It is read only where the function keeps tenants apart, and a call of such a function without it is refused. */
  tenantKey?: string | undefined;
  /** Whether a function of the app makes the call: it is still taken while the server stops, because its caller is to finish. */
  withinApp?: boolean;
  /** Its id, if it has one already: that of an earlier attempt. It must not be one that is in flight. */
  id?: string;
  /** Milliseconds from the arrival to the deadline; if `startMs` is set, from the moment at which a machine gets it. */
  timeoutMs: number;
  /** Milliseconds for which it may wait for a machine before that, as in AWS Lambda, where a machine's start is not in a call's time. */
  startMs?: number;
  /** Whether its machine gets no further invocations if its time runs out, as in AWS Lambda. */
  endsMachine?: boolean;
  /** Which attempt at the same work this is, counted from 1 by the one who repeats failed work. */
  attempt: number;
  /** What calls the function, if it is no client: for people who look at the call. */
  source?: InvocationSource;
  trace: TraceContext;
  /** Further traces that caused it, besides `trace`: of the other messages of a batch. Its span is linked to theirs. */
  links?: readonly TraceContext[] | undefined;
  /** What the function gets, except the body. */
  input: InvocationInput;
  /** Of an upgrade: how long the connection may last after the reply with the status 101, in milliseconds. Default: without limit. */
  connectionMs?: number;
  /**
   * The whole body if it was there at once; null if there is none; "stream" if it comes through `write` and `end`. The body of an event is
   * its JSON.
   */
  body: Buffer | null | "stream";
}

/** What names a revision that is pinned: see LiveDispatcher.pin(). No other branch begins like it. @param pin the name that it is pinned by */
export function branchOfPin(pin: string): string {
  return `@${pin}`;
}

/**
 * After a head with the status 101, which only an upgrade can have, `data` is what the function sends on the connection, and `fail` says why the
 * connection ends. Calls come in this order: interim*, head, data*, end. `fail` may come at any time and is the last call.
 */
export interface InvocationReply {
  /** @param headers belong to the callee from now on @param body may be empty @param ended if true, nothing follows, and `end` is not called */
  head(status: number, headers: string[], body: Buffer, ended: boolean, timing: InvocationTiming): void;
  data(chunk: Buffer): void;
  /** @param trailers name, value, name, value…, if there are any */
  end(trailers?: string[]): void;
  /** A response that comes before the final one, such as 103 Early Hints. */
  interim?(status: number, headers: string[]): void;
  fail(code: ErrorCode, details: ErrorDetails): void;
  /** Called when the guest accepts body bytes again. */
  drain(): void;
  /** Called with each line that the function prints, or that is written about it, in the invocation. */
  log?(level: LogLevel, text: string): void;
}

export interface InvocationHandle {
  /** Shown to callers and in logs; unique for the life of the state folder. */
  readonly id: string;
  /**
   * Only for the body "stream". Returns false if the caller should wait for `drain`. While there is no machine yet, bytes are buffered, up
   * to the first window.
   */
  write(chunk: Buffer): boolean;
  /** The request body is complete. @param trailers name, value, name, value…, which a function gets only if its runtime takes them */
  end(trailers?: string[]): void;
  /** The caller has taken this many bytes of the reply's body, so more may come. */
  consumed(bytes: number): void;
  /** Memory of its machine in MB, as it was read last; 0 if it has none. */
  usedMb(): number;
  /** The caller went away. Nothing is called on the reply from now on. */
  abort(): void;
}

export interface Dispatcher {
  dispatch(request: InvocationRequest, reply: InvocationReply): InvocationHandle;
}
