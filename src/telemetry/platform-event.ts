/**
 * What happens in the platform, as records. Accounts, logs, the decision log and the recording receive them from the event stream. `at` is the
 * wall clock, in milliseconds since the epoch. Apps and revisions are ids; machines have the names that `mayfly ps` shows. No event holds code,
 * a secret's value, or what a caller sent. The file is long because each kind of event has its record here, so that one place tells all that can happen.
 */
import type { ErrorDetails } from "../base/errors/error.ts";
import type { ErrorCode } from "../base/errors/table.ts";
import type { AppRuntime, MachineKind } from "../base/kind/machine-kind.ts";
import type { MachineExit } from "../machines/exit.ts";
import type { PolicyCommand, PolicyEvent } from "../policy/policy.ts";
import type { EndReason, NeedReason } from "../policy/reasons.ts";
import type { CanaryReason } from "../traffic/canary.ts";
import type { InvocationInput, TraceContext } from "../wire/host-end.ts";

export type PlatformEvent =
  | InvocationReceived
  | InvocationAssigned
  | InvocationOverdue
  | InvocationGivenUp
  | InvocationCutOff
  | InvocationEnded
  | EventAccepted
  | ExecutionEnded
  | MachineStarted
  | MachineBlank
  | MachineBinding
  | MachineBound
  | MachineDraining
  | MachineKilled
  | MachineEnded
  | SnapshotMade
  | SnapshotLacking
  | PolicyStepped
  | AppDeployed
  | CanaryStarted
  | CanaryEnded
  | AliasPointed
  | AliasRemoved
  | AppRemoved
  | SecretsChanged
  | LimitsSet
  | LimitNeared
  | LimitReached;

/** An invocation has arrived. Exactly one `invocation-ended` follows, whatever becomes of it. */
interface InvocationReceived {
  readonly type: "invocation-received";
  readonly at: number;
  readonly invocation: string;
  readonly app: string;
  readonly function: string;
  readonly kind: InvocationInput["kind"];
  readonly attempt: number;
  readonly trace: Readonly<TraceContext>;
}

/** An invocation was given to a machine. It comes again for the same invocation if the machine ends before anything was sent to it. */
interface InvocationAssigned {
  readonly type: "invocation-assigned";
  readonly at: number;
  readonly invocation: string;
  readonly machine: string;
}

/** What every event of an invocation that has a machine, or is over, has. */
export interface EventOfInvocation {
  readonly at: number;
  readonly invocation: string;
  readonly app: string;
  readonly function: string;
  /** The machine that the invocation was given to last; null if it was given to none. */
  readonly machine: string | null;
  /** The app is not served, or was removed since the machine was bound to it: nothing of this belongs into the log of the app that has its name now. */
  readonly appGone: boolean;
}

/** A function did not finish in the time that its invocation has. Its caller was told so. */
export interface InvocationOverdue extends EventOfInvocation {
  readonly type: "invocation-overdue";
  readonly timeoutMs: number;
}

/** A function still runs although its time was up `graceMs` ago: its machine gets no new work. */
export interface InvocationGivenUp extends EventOfInvocation {
  readonly type: "invocation-given-up";
  readonly graceMs: number;
}

/** The server stops, and a function did not finish within the `graceMs` that a stop leaves it. */
export interface InvocationCutOff extends EventOfInvocation {
  readonly type: "invocation-cut-off";
  readonly graceMs: number;
}

/** An invocation is over: its caller knows the outcome, and it holds no slot any more. */
export interface InvocationEnded extends EventOfInvocation {
  readonly type: "invocation-ended";
  /** The revision of the machine that it was given to last; if it was given to none, the one that it waited for, or empty if it was refused before that. */
  readonly revision: string;
  readonly memoryMb: number;
  /** The alias, the revision's id, or the pinned revision that it was sent to by its caller; null: it came by `live`. */
  readonly branch: string | null;
  /** "aborted" means that the caller went away. */
  readonly outcome: "replied" | "aborted" | ErrorCode;
  /** What the message of the error that the caller got is made of; null if the caller got none. */
  readonly details: Readonly<ErrorDetails> | null;
  /** The status in the reply's head; 0 if there was no reply. */
  readonly status: number;
  readonly spans: Readonly<InvocationTiming>;
  /** Milliseconds, with a fraction, from the sending of the invocation until its slot was free; null if nothing of it was sent. */
  readonly slotMs: number | null;
  /** Bytes of the request's body as the caller sent it, and of the reply's body. */
  readonly requestBytes: number;
  readonly replyBytes: number;
  readonly kind: InvocationInput["kind"];
  readonly attempt: number;
  /** What called the function, where the door that it came by says so; null: it does not. */
  readonly source: Readonly<InvocationSource> | null;
  /** The trace that its function got. */
  readonly traceparent: string;
  /** For the span of the invocation, if it is recorded; null: it is not. */
  readonly recorded: Readonly<RecordedInvocation> | null;
}

/** What calls a function, besides requests of clients. */
export interface InvocationSource {
  /** `function`: another function of the app. `durable`: a durable execution. `lambda`: AWS Lambda's API. The others are sources of events. */
  kind: "function" | "durable" | "call" | "lambda" | "schedule" | "queue" | "object" | "kv" | "webhook" | "bus" | "destination" | "redrive";
  /** Which one, such as the name of the schedule. */
  name?: string;
}

interface RecordedSpan {
  /** The trace, with the id of the span itself. */
  traceparent: string;
  /** The id of the span that caused it; empty: none that is known here. */
  parentSpan: string;
  /** The traceparents of what else caused it; undefined: nothing. */
  links: readonly string[] | undefined;
}

interface RecordedInvocation extends RecordedSpan {
  /** Of a request: its method as the client wrote it; empty otherwise. */
  method: string;
  /** Milliseconds from the arrival until the slot was free. */
  lastedMs: number;
}

/** An event was stored, to be carried out later. It is told only if its span is recorded. */
export interface EventAccepted {
  readonly type: "event-accepted";
  readonly at: number;
  readonly event: string;
  readonly app: string;
  /** Who carries it out, such as "function" or "queue". */
  readonly performer: string;
  /** What of the app: the name of a function, for example. */
  readonly target: string;
  /** How long it took to store it, milliseconds. */
  readonly ms: number;
  readonly recorded: Readonly<RecordedSpan>;
}

/** A durable execution has ended. It is told only if its span is recorded. */
export interface ExecutionEnded {
  readonly type: "execution-ended";
  readonly at: number;
  readonly app: string;
  readonly function: string;
  /** The execution's name. */
  readonly execution: string;
  /** Its id. */
  readonly run: string;
  /** Such as "SUCCEEDED". */
  readonly status: string;
  /** From its start to its end. */
  readonly lastedMs: number;
  readonly recorded: Readonly<RecordedSpan>;
}

export interface EventOfMachine {
  readonly at: number;
  readonly machine: string;
  /** The app that the machine belongs to; null if it belongs to none yet. */
  readonly app: string | null;
  /** Milliseconds since the machine's start. */
  readonly ageMs: number;
  /** The number of invocations that the machine was given so far. */
  readonly invocations: number;
}

/** A machine is being started. */
export interface MachineStarted extends EventOfMachine {
  readonly type: "machine-started";
  /** The app that needed the machine; null if it was started for no app in particular. The policy may give the machine to another app. */
  readonly neededBy: string | null;
  readonly kind: Readonly<MachineKind>;
  readonly why: Readonly<NeedReason>;
}

/** What every event of the snapshot of a revision, or of a part of one, has. */
interface EventOfSnapshot {
  readonly at: number;
  readonly app: string;
  readonly revision: string;
  /** The number of the revision. */
  readonly number: number;
  /** The runtime of the functions that it is of; null if it is of all. */
  readonly runtime: AppRuntime | null;
}

/** Machines start from the snapshot from now on. */
export interface SnapshotMade extends EventOfSnapshot {
  readonly type: "snapshot-made";
  readonly bytes: number;
  /** Milliseconds that it took to make it; null if an earlier server has. */
  readonly ms: number | null;
}

/** What is to have a snapshot could get none, or has lost it. */
export interface SnapshotLacking extends EventOfSnapshot {
  readonly type: "snapshot-lacking";
  /** A clause. */
  readonly reason: string;
}

interface MachineBlank extends EventOfMachine {
  readonly type: "machine-blank";
  readonly startMs: number;
}

/** A machine is being given to an app. */
export interface MachineBinding extends EventOfMachine {
  readonly type: "machine-binding";
  readonly app: string;
  readonly appName: string;
  readonly revision: string;
  readonly why: Readonly<NeedReason>;
}

/** A machine takes invocations from now on. */
export interface MachineBound extends EventOfMachine {
  readonly type: "machine-bound";
  readonly app: string;
  readonly revision: string;
  readonly startMs: number;
  readonly bindMs: number;
}

/** A machine gets no new invocations. */
export interface MachineDraining extends EventOfMachine {
  readonly type: "machine-draining";
  readonly why: Readonly<EndReason>;
}

/** A machine is being killed. `machine-ended` follows. */
export interface MachineKilled extends EventOfMachine {
  readonly type: "machine-killed";
  readonly why: Readonly<EndReason>;
}

/** Nothing of a machine is left. */
export interface MachineEnded extends EventOfMachine {
  readonly type: "machine-ended";
  readonly exit: Readonly<Pick<MachineExit, "reason" | "detail" | "output">>;
  /** Whether the machine was killed because the policy asked for it or the server stopped. */
  readonly asked: boolean;
  /** The app was removed since the machine was bound to it. */
  readonly appGone: boolean;
}

/** The policy was told of an event, and answered with commands. `now` is the policy's clock, in milliseconds. */
interface PolicyStepped {
  readonly type: "policy-stepped";
  readonly now: number;
  readonly event: Readonly<PolicyEvent>;
  readonly commands: readonly Readonly<PolicyCommand>[];
}

interface OfApp {
  readonly at: number;
  readonly app: string;
}

/** An upload was stored, and the app's calls go to it. Not told if they all went to the same upload before. */
interface AppDeployed extends OfApp {
  readonly type: "app-deployed";
  readonly revision: string;
  readonly number: number;
}

interface OfCanary extends OfApp {
  readonly revision: string;
  readonly number: number;
  /** The revision that gets, or got, the other calls. */
  readonly oldRevision: string;
  readonly oldNumber: number;
}

/** An upload was stored, and gets a share of the app's calls until it is promoted or rolled back. It is told in place of `app-deployed`. */
interface CanaryStarted extends OfCanary {
  readonly type: "canary-started";
  /** Of the calls, 0 to 1. */
  readonly share: number;
}

/** A canary gets all calls now, or none, or calls were sent elsewhere. */
export interface CanaryEnded extends OfCanary {
  readonly type: "canary-ended";
  readonly outcome: "promoted" | "rolled-back" | "replaced";
  readonly reason: Readonly<CanaryReason>;
}

/** An alias points at other revisions, or at the same ones with other weights. A deploy of all calls of `live`, or of a canary, is told by its own event alone. */
interface AliasPointed extends OfApp {
  readonly type: "alias-pointed";
  readonly alias: string;
  readonly targets: readonly { readonly revision: string; readonly weight: number }[];
}

interface AliasRemoved extends OfApp {
  readonly type: "alias-removed";
  readonly alias: string;
}

/** An app is gone from the catalog; its machines may still be ending. */
interface AppRemoved extends OfApp {
  readonly type: "app-removed";
}

/** A secret was set or removed. */
interface SecretsChanged extends OfApp {
  readonly type: "secrets-changed";
  /** The secret's name. */
  readonly secret: string;
  readonly set: boolean;
}

/** What an app may use in a month; null: as much as it likes. */
interface LimitsSet extends OfApp {
  readonly type: "limits-set";
  readonly limits: Readonly<Record<LimitName, number | null>>;
}

export type LimitName = "spend" | "requests" | "cpuSeconds";

interface OfLimit extends OfApp {
  readonly limit: LimitName;
  /** Such as "2026-11". */
  readonly month: string;
  /** In the currency of the prices, in requests, or in seconds. */
  readonly used: number;
  readonly most: number;
  readonly currency: string;
}

/** An app has used so much of a limit that its owner should know. */
export interface LimitNeared extends OfLimit {
  readonly type: "limit-neared";
}

/** An app has used up a limit: its calls are refused until the month ends or the limit is raised. */
export interface LimitReached extends OfLimit {
  readonly type: "limit-reached";
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
