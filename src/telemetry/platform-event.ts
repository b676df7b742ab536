/**
 * What happens in the platform, as records. Accounts, logs and displays receive them from the event stream. `at` is the wall clock, in
 * milliseconds since the epoch.
 */
import type { ErrorCode } from "../base/errors/table.ts";
import type { InvocationInput, TraceContext } from "../wire/host-end.ts";

export type PlatformEvent =
  | InvocationReceived
  | InvocationAssigned
  | InvocationEnded
  | MachineStarted
  | MachineBlank
  | MachineBound
  | MachineEnded;

/** An invocation has arrived. Exactly one `invocation-ended` follows, whatever becomes of it. */
interface InvocationReceived {
  readonly type: "invocation-received";
  readonly at: number;
  readonly invocation: string;
  readonly app: string;
  readonly function: string;
  readonly kind: InvocationInput["kind"];
  readonly attempt: number;
  readonly trace: TraceContext;
}

/** An invocation was given to a machine. It comes again for the same invocation if the machine ends before anything was sent to it. */
interface InvocationAssigned {
  readonly type: "invocation-assigned";
  readonly at: number;
  readonly invocation: string;
  readonly machine: string;
}

/** An invocation is over: its caller knows the outcome, and it holds no slot any more. */
export interface InvocationEnded {
  readonly type: "invocation-ended";
  readonly at: number;
  readonly invocation: string;
  readonly app: string;
  readonly function: string;
  /** The machine that the invocation was given to last; null if it was given to none. */
  readonly machine: string | null;
  /** The revision of the machine's app, as it was when the machine was bound. */
  readonly revision: string;
  readonly memoryMb: number;
  /** "aborted" means that the caller went away. */
  readonly outcome: "replied" | "aborted" | ErrorCode;
  /** The status in the reply's head; 0 if there was no reply. */
  readonly status: number;
  readonly spans: InvocationTiming;
  /** Milliseconds, with a fraction, from the sending of the invocation until its slot was free; null if nothing of it was sent. */
  readonly slotMs: number | null;
  /** Bytes of the request's body as the caller sent it, and of the reply's body. */
  readonly requestBytes: number;
  readonly replyBytes: number;
}

interface MachineStarted {
  readonly type: "machine-started";
  readonly at: number;
  readonly machine: string;
  /** The app that needed the machine; null if it was started for no app in particular. The policy may give the machine to another app. */
  readonly app: string | null;
}

interface MachineBlank {
  readonly type: "machine-blank";
  readonly at: number;
  readonly machine: string;
  readonly startMs: number;
}

interface MachineBound {
  readonly type: "machine-bound";
  readonly at: number;
  readonly machine: string;
  readonly app: string;
  readonly revision: string;
  readonly startMs: number;
  readonly bindMs: number;
}

interface MachineEnded {
  readonly type: "machine-ended";
  readonly at: number;
  readonly machine: string;
  /** The app that the machine was bound to; null if it was bound to none. */
  readonly app: string | null;
  /** One of the reasons in `src/machines/exit.ts`. */
  readonly reason: string;
  /** Whether the machine was killed because the policy asked for it or the server stopped. */
  readonly asked: boolean;
  /** The number of invocations that were given to the machine. */
  readonly invocations: number;
}

/** The spans of an invocation, in milliseconds, each measured on the host. */
export interface InvocationTiming {
  /** The wait for a slot while no machine was being started or bound for the invocation. */
  queue: number;
  /** The wait for a machine to start. */
  start: number;
  /** The wait for a blank to be bound. */
  bind: number;
  /** From the first byte sent to the guest to the reply's head. */
  run: number;
}
