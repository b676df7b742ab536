/** Why a machine ended, as a clause that follows a colon. */
import { MayflyError } from "../base/errors/error.ts";
import type { ExitReason, MachineExit } from "../machines/driver.ts";

const clauses: Record<ExitReason, string> = {
  killed: "it was killed",
  exited: "it ended by itself",
  crashed: "it crashed",
  "out-of-memory": "it ran out of memory",
  "image-damaged": "the image that all machines start from was damaged on this host's disk, which is not the app's fault",
};

export function reasonOfExit({ reason, detail }: MachineExit): string {
  return reason === "killed" ? clauses.killed : asClause(`${clauses[reason]}: ${detail}`);
}

export function reasonOfError(error: unknown): string {
  if (error instanceof MayflyError && error.code === "machine-start-failed") return asClause(String(error.details["reason"]));
  return asClause(error instanceof Error ? error.message : String(error));
}

function asClause(text: string): string {
  return text.replace(/\.$/, "");
}
