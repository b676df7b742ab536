/** What becomes of invocations whose time is up, and of the machines that run them. */
import type { ErrorDetails } from "../base/errors/error.ts";
import type { ErrorCode } from "../base/errors/table.ts";
import type { PolicyEvent } from "../policy/policy.ts";
import type { EventStream } from "../telemetry/event-stream.ts";
import type { EventOfInvocation } from "../telemetry/platform-event.ts";
import type { Invocation } from "./invocation-run.ts";
import type { DispatcherOptions } from "./live-dispatcher.ts";
import type { MachineRecord } from "./machine-record.ts";
import { noMachineInTime } from "./no-machine.ts";

const GRACE_MS = 5_000;
const PING_MS = 2_000;
/** AWS Lambda gives the start of a function's code as long. */
const LOAD_MS = 10_000;

/** What it needs of the dispatcher. */
export interface LateCallsOwner {
  /** Tells the policy. */
  tell(event: PolicyEvent): void;
  /** Ends an invocation that waits. */
  drop(invocation: Invocation, code: ErrorCode, details: ErrorDetails): void;
  /** The invocation no longer holds a slot. */
  finished(invocation: Invocation, at: number): void;
  factsOf(invocation: Invocation): EventOfInvocation;
  machines(): Iterable<MachineRecord>;
}

export class LateCalls {
  readonly #options: Pick<DispatcherOptions, "fleet" | "clock" | "graceMs" | "loadMs" | "pingMs">;
  readonly #events: EventStream;
  readonly #owner: LateCallsOwner;
  readonly #graceMs: number;

  constructor(options: DispatcherOptions, events: EventStream, owner: LateCallsOwner) {
    this.#options = options;
    this.#events = events;
    this.#owner = owner;
    this.#graceMs = options.graceMs ?? GRACE_MS;
  }

  /** Handles those of the invocations that are late. Returns the next deadline. */
  sweep(invocations: Iterable<Invocation>, now: number): number {
    let next = Infinity;
    for (const invocation of invocations) {
      if (invocation.deadline <= now) this.#expire(invocation, now);
      if (invocation.deadline > now && invocation.deadline < next) next = invocation.deadline;
    }
    return next;
  }

  #expire(invocation: Invocation, now: number): void {
    if (invocation.waits) return this.#owner.drop(invocation, "queue-timeout", noMachineInTime(invocation, this.#owner.machines(), now));
    const record = invocation.machine as MachineRecord;
    if (invocation.connection !== null && !invocation.overdue) return invocation.closeConnection(now, this.#graceMs);
    const { fleet, loadMs: mostLoadMs = LOAD_MS, pingMs = PING_MS } = this.#options;
    // A machine that was ended while it loads code would be followed by one that has no more time for it, so that the function never came up.
    const loadMs = record.isLoading ? mostLoadMs : 0;
    if (invocation.overdue) this.#giveUp(invocation, record);
    else this.#timeOut(invocation, record, now, loadMs);
    fleet.checkAlive(record.id, loadMs + pingMs, () => invocation.blocked());
  }

  #timeOut(invocation: Invocation, record: MachineRecord, now: number, loadMs: number): void {
    this.#events.tell({ type: "invocation-overdue", ...this.#owner.factsOf(invocation), timeoutMs: invocation.timeoutMs });
    invocation.timeOut(now, this.#graceMs + loadMs, () => noMachineInTime(invocation, this.#owner.machines(), now));
    if (invocation.endsMachine) this.#owner.tell({ type: "condemn", machine: record.id, because: "timed-out" });
  }

  /** The handler ignored its abort signal. Its slot is given up, and so is its machine, once the other invocations there have ended. */
  #giveUp(invocation: Invocation, record: MachineRecord): void {
    this.#events.tell({ type: "invocation-given-up", ...this.#owner.factsOf(invocation), graceMs: invocation.graceMs });
    invocation.release();
    this.#owner.tell({ type: "condemn", machine: record.id, because: "abort-ignored" });
    this.#owner.finished(invocation, this.#options.clock.now());
  }
}
