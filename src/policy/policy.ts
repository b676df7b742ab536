/**
 * The shape of a policy: a pure function from state, event and time to commands. Every decision to start, bind, drain or
 * kill a machine, and every choice of machine for an invocation, is a command that it returned. The dispatcher and
 * `replay` are its callers; a recorded run replays to the same commands.
 */

import type { EndReason, NeedReason } from "./reasons.ts";

/** Chosen by the caller, unique in a run. */
export type InvocationId = number;
/** Chosen by the policy (a counter in its state), unique in a run. */
export type MachineId = number;

/** Chosen by the caller; opaque. One upload of an app's code and configuration: the unit that has machines, a queue and a past of its own. */
export type RevisionId = string;

export type PolicyEvent =
  /**
   * A revision of an app exists, or its limits changed: machines bound under other ones are to be drained. Comes before the revision's first arrival.
   * `inherits`: a revision whose past is taken to be the new one's, too; null: none.
   */
  | { type: "revision"; revision: RevisionId; app: string; limits: AppLimits; inherits: RevisionId | null }
  /** No more calls come for the revision: what waits goes to `successor`, and its machines go when they are through. */
  | { type: "revision-retired"; revision: RevisionId; successor: RevisionId }
  /** The revision is gone; its machines are to be killed. */
  | { type: "revision-removed"; revision: RevisionId }
  /** What the revision's machines were given at their bind changed, such as secrets: machines bound before now are to be drained. */
  | { type: "revision-renewed"; revision: RevisionId }
  | { type: "arrive"; invocation: InvocationId; revision: RevisionId }
  /** A caller gave up, or its time ran out, while the invocation had no machine. */
  | { type: "abandon"; invocation: InvocationId }
  /** The slot is free again. */
  | { type: "finish"; invocation: InvocationId }
  /** A started machine is now a blank, ready to be bound. */
  | { type: "blank"; machine: MachineId }
  /** A bound machine is ready for work. */
  | { type: "bound"; machine: MachineId }
  /** No new work for this machine (a handler ignores its abort signal, …). */
  | { type: "condemn"; machine: MachineId }
  /** The machine is gone. `failed`: it was not killed by a command, and never came up or never became bound. */
  | { type: "exit"; machine: MachineId; failed: boolean }
  /** What a bound machine did since its last report, about a second ago. Not sent by a machine with nothing to do. */
  | { type: "stats"; machine: MachineId; stats: MachineStats }
  /** So many CPUs a bound machine used on average while it had nothing to do. Once a rest, at its end or after a while. */
  | { type: "rested"; machine: MachineId; cpu: number }
  /** Time passed; sent when a `wake` is due. */
  | { type: "tick" };

export interface MachineStats {
  /** CPU time used over wall time, from the host's accounting: 1 is a whole CPU. */
  cpu: number;
  /** Memory held, bytes, from the host's accounting. */
  memoryBytes: number;
  /** Mean delay of its event loop, ms: the guest's own word, so never more than advice about its own app. */
  loopDelayMs: number;
}

/** As a revision's manifest has them. `minMachines`, `maxMachines`, `reservedBlanks` and `queue` are the app's: they count over all its revisions. */
export interface AppLimits {
  /** Concurrent invocations per machine, at most: a ceiling. How many it gets is learned. */
  concurrency: number;
  /** Machines bound to it, at least. */
  minMachines: number;
  /** Machines at most. */
  maxMachines: number;
  /** Blanks of its kind that no other app may take. */
  reservedBlanks: number;
  /** What a second of a caller's wait is worth, in GB-seconds of memory; null: the host's. */
  waitWorth: number | null;
  /** Invocations that may wait for a slot. */
  queue: number;
  /** Of each of its machines. */
  kind: OpaqueKind;
}

/**
 * What a machine is of before it belongs to an app, such as the image that it runs. The policy never looks into the key: a machine can be given to a revision
 * if their keys are equal. Memory and vCPUs stand beside it for the host's limits, and for what a machine costs.
 */
export interface OpaqueKind {
  readonly key: string;
  /** MB. */
  readonly memoryMb: number;
  readonly vcpus: number;
}

export type PolicyCommand =
  /**
   * Start a machine that belongs to no app. `urgent`: an invocation waits for it, so it is to be bound as soon as it answers.
   * `revision`: whose need made it start, though another may get it; null: it refills the blanks.
   */
  | { type: "start"; machine: MachineId; kind: OpaqueKind; urgent: boolean; revision: RevisionId | null; why: NeedReason }
  | { type: "bind"; machine: MachineId; revision: RevisionId; why: NeedReason }
  | { type: "assign"; invocation: InvocationId; machine: MachineId }
  | { type: "reject"; invocation: InvocationId; reason: "queue-full" | "start-failed" | "app-removed" }
  | { type: "drain"; machine: MachineId; why: EndReason }
  | { type: "kill"; machine: MachineId; why: EndReason }
  /** Send a tick at this time (ms, the clock of `now`), unless a later wake replaces it. */
  | { type: "wake"; at: number };

/** `state` belongs to the policy, is changed in place, and is plain data. `now` is in ms and never goes back. */
export type Step<State> = (state: State, event: PolicyEvent, now: number) => PolicyCommand[];
