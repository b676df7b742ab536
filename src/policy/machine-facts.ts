/**
 * A machine's phases, and the facts of it that everybody who deals with machines has: the policy, the fleet, the dispatcher, the simulator, and by
 * way of the dispatcher the management API. They are defined here because the policy imports nothing, and all of those may import the policy.
 */
import type { MachineId, OpaqueKind, RevisionId } from "./policy.ts";

/** A machine goes through its phases in this order, and may go from any of them to the last one. */
export const MACHINE_PHASES = [
  /** The machine is to be started, or is being started. It belongs to no app. */
  "starting",
  /** The machine has started, belongs to no app and can be given to one. */
  "blank",
  /** The machine is being given to an app: to one of its revisions, for good. */
  "binding",
  /** The machine takes invocations of its revision. */
  "bound",
  /** The machine gets no new invocations, and goes when those that it has are through. */
  "draining",
  /** The machine is being killed, or ends by itself, and something of it is still there. */
  "ending",
] as const;

export type MachinePhase = (typeof MACHINE_PHASES)[number];

/** Read-only: only the one who keeps a machine changes its facts, and has them as OwnMachine. */
export interface MachineFacts {
  readonly id: MachineId;
  readonly phase: MachinePhase;
  readonly kind: OpaqueKind;
  /** The revision that the machine was given to; null: it belongs to no app yet. */
  readonly revision: RevisionId | null;
  /** Invocations that hold a slot of the machine. */
  readonly inFlight: number;
}

export type OwnMachine = { -readonly [Fact in keyof MachineFacts]: MachineFacts[Fact] };
