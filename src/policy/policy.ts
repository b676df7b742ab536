/**
 * The contract of a policy: a pure function from state, event and time to commands. Every decision to start, bind, drain or kill a machine, and every choice of
 * a machine for an invocation, is a command that it returned. Its callers are the dispatcher, the simulator and `replay`; a recorded run replays to the same
 * commands.
 */

import type { CondemnCause, EndReason, NeedReason } from "./reasons.ts";

/** Id of an invocation. The caller chooses it; it is unique in a run. */
export type InvocationId = number;
/** Id of a machine. The policy chooses it, by a counter in its state; it is unique in a run. */
export type MachineId = number;

/**
 * Id of a revision: here, of what has machines, a queue and a past of its own. That is one upload of an app's code and configuration, or, if its functions
 * are of several runtimes, each part of it that one kind of machine runs. The caller chooses the id; it is opaque.
 */
export type RevisionId = string;

export type PolicyEvent =
  /**
   * A revision of an app was added, or its limits changed: machines bound under other limits are to be drained. The event comes before the revision's first
   * arrival. The past of the revision `inherits` counts as the new one's, too; null: there is none.
   */
  | { type: "revision"; revision: RevisionId; app: string; limits: AppLimits; inherits: RevisionId | null }
  /** No more calls come for the revision. Its waiting calls go to `successor`, and its machines are to be drained. */
  | { type: "revision-retired"; revision: RevisionId; successor: RevisionId }
  /** The revision was removed. Its machines are to be killed. */
  | { type: "revision-removed"; revision: RevisionId }
  /** What the revision's machines are given at their bind has changed, such as secrets. Machines that were bound before are to be drained. */
  | { type: "revision-renewed"; revision: RevisionId }
  /** A call of the revision is known to come in `inMs`, because it is the time of a schedule or of an event. */
  | { type: "expected"; revision: RevisionId; inMs: number }
  | { type: "arrive"; invocation: InvocationId; revision: RevisionId }
  /** The caller gave up, or the time ran out, while the invocation had no machine. */
  | { type: "abandon"; invocation: InvocationId }
  /** The invocation ended: its slot is free again. */
  | { type: "finish"; invocation: InvocationId }
  /** A machine has started: it is a blank now, ready to be bound. */
  | { type: "blank"; machine: MachineId }
  /** A bound machine is ready for work. */
  | { type: "bound"; machine: MachineId }
  /** The machine is to get no new work. */
  | { type: "condemn"; machine: MachineId; because: CondemnCause }
  /** The machine is gone. `failed`: it did not come up or did not become bound, though no command killed it. */
  | { type: "exit"; machine: MachineId; failed: boolean }
  /** A bound machine reports what it did since its last report, about a second ago. Machines with nothing to do do not report. */
  | { type: "stats"; machine: MachineId; stats: MachineStats }
  /** A bound machine used `cpu` CPUs on average while it had nothing to do. The event comes once in a rest, at its end or after a while. */
  | { type: "rested"; machine: MachineId; cpu: number }
  /** Time passed: the event comes when a `wake` is due. */
  | { type: "tick" };

export interface MachineStats {
  /** CPU time divided by wall time, from the host's accounting: 1 is a whole CPU. */
  cpu: number;
  /** Memory held, bytes, from the host's accounting. */
  memoryBytes: number;
  /** Mean delay of the machine's event loop, ms. The guest itself reports it, so that it may only affect its own app. */
  loopDelayMs: number;
}

/** The limits in the manifest of a revision. `minMachines`, `maxMachines`, `reservedBlanks` and `queue` count over all revisions of the app. */
export interface AppLimits {
  /** Invocations at once on a machine, at most. The number of slots is learned; this is its ceiling. */
  concurrency: number;
  /** Number of machines bound to the app, at least. */
  minMachines: number;
  /** Number of machines bound to the app, at most. */
  maxMachines: number;
  /** Blanks of the app's kind that no other app may take. */
  reservedBlanks: number;
  /** Worth of a second of a caller's wait, GB-seconds of memory; null: the worth that the host sets counts. */
  waitWorth: number | null;
  /** Number of invocations that may wait for a slot. */
  queue: number;
  /** The kind of each of the app's machines. */
  kind: OpaqueKind;
  /** Whether a machine that is started for the revision comes up bound to it, without having been a blank. Absent: no. */
  snapshot?: boolean;
  /** Number of machines bound to this very revision, at least. Absent: none. */
  reserved?: number;
  /**
   * Whether the revision stands aside: it gets only calls that name it, and its machines do not count for the app's `minMachines`, which the newest of the others keeps.
   * Its own `minMachines` and `reservedBlanks` are 0. Absent: no.
   */
  aside?: boolean;
  /** Set if the revision serves the calls of one key alone, one of many that the app's callers choose. Absent: it is for everybody. */
  apart?: ApartLimits;
  /** What all apps of its tenant may have together. Absent: nothing limits that. */
  tenant?: TenantShare;
}

/** What a revision may have that serves one of the app's keys. With such revisions `maxMachines` has no exceptions: idle machines make room for each other's calls. */
export interface ApartLimits {
  /** Machines bound to the revision, at most. */
  readonly machines: number;
  /** Invocations that may wait for a slot of it, at most, of those of the app's `queue`. */
  readonly queue: number;
}

/** What all apps of a tenant may have together; what was told last counts. null: as much as the host has. */
export interface TenantShare {
  readonly id: string;
  /** Machines that are bound to its apps, being bound, draining or ending; and their memory (MB) and vCPUs. */
  readonly machines: number | null;
  readonly memoryMb: number | null;
  readonly vcpus: number | null;
  /** Machines per second that are bound to its apps, on average over a few seconds. */
  readonly startsPerSecond: number | null;
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
   * Start a machine that belongs to no app. `urgent`: an invocation waits for it, so that it is to be bound as soon as it answers. `revision` is the one that
   * needs the machine, though another may get it; null: it is started to be a blank. `snapshot`: the machine comes up bound to the revision, which its limits
   * make possible; then no command to bind follows.
   */
  | {
      type: "start";
      machine: MachineId;
      kind: OpaqueKind;
      urgent: boolean;
      revision: RevisionId | null;
      snapshot?: true;
      why: NeedReason;
    }
  /** An invocation waits by now for a machine that is being started and was not urgent: from now on it is. */
  | { type: "hasten"; machine: MachineId }
  | { type: "bind"; machine: MachineId; revision: RevisionId; why: NeedReason }
  | { type: "assign"; invocation: InvocationId; machine: MachineId }
  | { type: "reject"; invocation: InvocationId; reason: "queue-full" | "start-failed" | "app-removed" }
  | { type: "drain"; machine: MachineId; why: EndReason }
  | { type: "kill"; machine: MachineId; why: EndReason }
  /** Send a tick at this time, ms on the clock of `now`, unless a later command to wake replaces this one. */
  | { type: "wake"; at: number };

/** One step of a policy. The state belongs to the policy, which changes it in place; it is plain data. `now` is in ms and never goes back. */
export type Step<State> = (state: State, event: PolicyEvent, now: number) => PolicyCommand[];
