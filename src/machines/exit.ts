/**
 * Why a machine ended, or could not start, as a record. Drivers and the fleet make these records. The two functions at the end make all
 * sentences of them; no code reads those sentences.
 */
import { MayflyError } from "../base/errors/error.ts";

export type ExitReason =
  /** kill() was called. */
  | "killed"
  /** The guest ended by itself. */
  | "exited"
  /** A signal that Mayfly did not send ended the machine, or its kernel panicked. */
  | "crashed"
  /** The machine exceeded its memory limit, or the heap that its memory allows was full. */
  | "out-of-memory"
  /** The image or template that the machine started from was damaged on the host meanwhile. */
  | "image-damaged"
  /** The guest sent something that the host-guest protocol forbids. */
  | "protocol-violation"
  /** The guest gave no answer in time. */
  | "unresponsive"
  /** The channel ended although the machine did not. */
  | "channel-lost"
  /** The driver could not start the machine: its template, its clone or its process failed. */
  | "start-failed"
  /** The machine started, but did not answer its first Resume, or failed at its rehearsal. */
  | "bring-up-failed"
  /** The machine could not be bound to its app. */
  | "bind-failed";

export interface MachineExit {
  reason: ExitReason;
  /** More on the reason in the host's own words, as a clause that the app's callers may read; empty if there is no more to say. */
  detail: string;
  /** The code with which the machine's first program ended by itself, if the host could see it. */
  code?: number;
  /** The signal that ended that program, such as "SIGSEGV", if the host could see it. */
  signal?: string;
  /** The last lines that the machine printed, for the app's log. Callers must not see them, because they may contain anything. */
  output: readonly string[];
  /** Lines that a kernel or QEMU printed at the end, such as registers, for the server's log only. */
  forOperator?: string;
}

/** The error of a driver's start that failed: "machine-start-failed" of the error table, with the end of the machine that did not start. */
export class StartFailure extends MayflyError {
  readonly exit: MachineExit;

  constructor(detail: string, cause?: unknown, output: readonly string[] = []) {
    super("machine-start-failed", { reason: detail }, cause);
    this.exit = { reason: "start-failed", detail, output };
  }
}

/** Clauses that stand alone, or before a colon and the detail. */
const clauses: Record<ExitReason, string> = {
  killed: "it was killed",
  exited: "it ended by itself",
  crashed: "it crashed",
  "out-of-memory": "it ran out of memory",
  "image-damaged": "the image that all machines start from was damaged on this host's disk, which is not the app's fault",
  "protocol-violation": "it broke the host-guest protocol",
  unresponsive: "it does not answer",
  "channel-lost": "its channel ended",
  "start-failed": "it could not be started",
  "bring-up-failed": "it did not come up",
  "bind-failed": "it could not be given to its app",
};

/** The reasons whose details name the reason already. */
const detailAlone: ReadonlySet<ExitReason> = new Set([
  "killed",
  "unresponsive",
  "channel-lost",
  "start-failed",
  "bring-up-failed",
  "bind-failed",
]);

/** A clause for the app's callers and the operator, to follow a colon. */
export function clauseOf({ reason, detail }: Pick<MachineExit, "reason" | "detail">): string {
  const more = detail.replace(/\.$/, "");
  if (more === "") return clauses[reason];
  return detailAlone.has(reason) ? more : `${clauses[reason]}: ${more}`;
}

/** The clause of clauseOf() for a log, followed by the last output of the machine. */
export function clauseWithOutput(exit: MachineExit): string {
  const clause = clauseOf(exit);
  return exit.output.length === 0 ? clause : `${clause}; last output: ${exit.output.join(" | ")}`;
}
