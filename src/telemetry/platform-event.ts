/** What happens in the platform, as records: whoever counts, logs or shows it hears of it by the event stream. `at` is the wall clock, ms since the epoch. */
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

/** Whatever becomes of it, one `invocation-ended` follows. */
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

/** It was given to a machine. Again where that one ended before anything was sent to it. */
interface InvocationAssigned {
  readonly type: "invocation-assigned";
  readonly at: number;
  readonly invocation: string;
  readonly machine: string;
}

/** Its caller knows what became of it, and it holds no slot any more. */
export interface InvocationEnded {
  readonly type: "invocation-ended";
  readonly at: number;
  readonly invocation: string;
  readonly app: string;
  readonly function: string;
  /** The last one that it was given to; null where it was given to none. */
  readonly machine: string | null;
  /** Of the version that the machine was bound to. */
  readonly revision: string;
  readonly memoryMb: number;
  /** aborted: its caller went away. */
  readonly outcome: "replied" | "aborted" | ErrorCode;
  /** Of the reply's head; 0 where there was none. */
  readonly status: number;
  readonly spans: InvocationTiming;
  /** Milliseconds, with a fraction, from its sending to the end of its slot; null where nothing of it was sent. */
  readonly slotMs: number | null;
  /** Of the body that the caller gave, and of the reply's. */
  readonly requestBytes: number;
  readonly replyBytes: number;
}

interface MachineStarted {
  readonly type: "machine-started";
  readonly at: number;
  readonly machine: string;
  /** The app whose need it was; null: nobody's in particular. Another may get it. */
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
  /** null: it belonged to none. */
  readonly app: string | null;
  /** One of those of `src/machines/exit.ts`. */
  readonly reason: string;
  /** The policy, or a stop of the server, had it killed. */
  readonly asked: boolean;
  /** Invocations that it was given. */
  readonly invocations: number;
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
