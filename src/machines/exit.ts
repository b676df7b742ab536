/**
 * Why a machine ended, or never began, as a record. Drivers and the fleet make these records; the two functions at the end make the only sentences of
 * them. No code reads those sentences again.
 */
import { MayflyError } from "../base/errors/error.ts";

export type ExitReason =
  /** kill() was called. */
  | "killed"
  /** The guest ended by itself. */
  | "exited"
  /** It ended by a signal that Mayfly did not send, or its kernel panicked. */
  | "crashed"
  /** It passed its memory limit, or the heap that its memory allows was full. */
  | "out-of-memory"
  /** What it started from was damaged on the host meanwhile. */
  | "image-damaged"
  /** It sent what the host-guest protocol forbids. */
  | "protocol-violation"
  /** It gave no answer in time. */
  | "unresponsive"
  /** Its channel ended, and nothing else of it did. */
  | "channel-lost"
  /** Its driver could not start it: its template, its clone or its process failed. */
  | "start-failed"
  /** It was started, and then did not answer its first Resume or its rehearsal. */
  | "bring-up-failed"
  /** It could not be given to its app. */
  | "bind-failed";

export interface MachineExit {
  reason: ExitReason;
  /** More of the reason in the host's own words, a clause: whoever calls the app may read it. "" where there is no more to say. */
  detail: string;
  /** The last lines that the machine printed, for the app's log. Callers must not see them: anything may be in them. */
  output: readonly string[];
  /** What a kernel or QEMU printed at the end, such as registers, in lines: for the server's log only. */
  forOperator?: string;
}

/** A driver's start that failed: "machine-start-failed" of the error table, and the end of the machine that never was. */
export class StartFailure extends MayflyError {
  readonly exit: MachineExit;

  constructor(detail: string, cause?: unknown, output: readonly string[] = []) {
    super("machine-start-failed", { reason: detail }, cause);
    this.exit = { reason: "start-failed", detail, output };
  }
}

/** Standing alone, or before a colon and the detail. */
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

/** The details of these name the reason already. */
const detailAlone: ReadonlySet<ExitReason> = new Set([
  "killed",
  "unresponsive",
  "channel-lost",
  "start-failed",
  "bring-up-failed",
  "bind-failed",
]);

/** A clause for whoever calls the app or manages the server, to follow a colon. */
export function clauseOf({ reason, detail }: Pick<MachineExit, "reason" | "detail">): string {
  const more = detail.replace(/\.$/, "");
  if (more === "") return clauses[reason];
  return detailAlone.has(reason) ? more : `${clauses[reason]}: ${more}`;
}

/** The same for a log, with what the machine printed last. */
export function clauseWithOutput(exit: MachineExit): string {
  const clause = clauseOf(exit);
  return exit.output.length === 0 ? clause : `${clause}; last output: ${exit.output.join(" | ")}`;
}
