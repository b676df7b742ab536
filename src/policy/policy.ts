/**
 * The shape of a policy: a pure function from state, event and time to commands. Every decision to start, bind, drain or
 * kill a machine, and every choice of machine for an invocation, is a command that it returned. The dispatcher and
 * `replay` are its callers; a recorded run replays to the same commands.
 */

/** Chosen by the caller, unique in a run. */
export type InvocationId = number;
/** Chosen by the policy (a counter in its state), unique in a run. */
export type MachineId = number;

export type PolicyEvent =
  /** An app exists, or its limits changed: machines bound under other ones are to be drained. Comes before its first arrival. */
  | { type: "app"; app: string; limits: AppLimits }
  /** The app is gone; its machines are to be killed. */
  | { type: "app-removed"; app: string }
  /** The app's code changed: machines bound before now are to be drained. */
  | { type: "app-updated"; app: string }
  | { type: "arrive"; invocation: InvocationId; app: string }
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
  /** Time passed; sent when a `wake` is due. */
  | { type: "tick" };

export interface AppLimits {
  /** Concurrent invocations per machine, at most. */
  concurrency: number;
  /** Machines at most. */
  maxMachines: number;
  /** Invocations that may wait for a slot. */
  queue: number;
  memoryMb: number;
  vcpus: number;
}

export type PolicyCommand =
  /** Start a machine that belongs to no app. `urgent`: an invocation waits for it, so it is to be bound as soon as it answers. */
  | { type: "start"; machine: MachineId; memoryMb: number; vcpus: number; urgent: boolean; why: string }
  | { type: "bind"; machine: MachineId; app: string; why: string }
  | { type: "assign"; invocation: InvocationId; machine: MachineId }
  | { type: "reject"; invocation: InvocationId; reason: "queue-full" | "start-failed" | "app-removed" }
  | { type: "drain"; machine: MachineId; why: string }
  | { type: "kill"; machine: MachineId; why: string }
  /** Send a tick at this time (ms, the clock of `now`), unless a later wake replaces it. */
  | { type: "wake"; at: number };

/** `state` belongs to the policy, is changed in place, and is plain data. `now` is in ms and never goes back. */
export type Step<State> = (state: State, event: PolicyEvent, now: number) => PolicyCommand[];
