/** Calls whose time is known beforehand. What is learned of a revision says when calls are likely; a schedule says when one comes. */
import type { PackingState, RevisionState } from "./packing-state.ts";
import { addTimer } from "./timers.ts";

/** Called when the revision falls idle, or its plan is made anew: a time that is known counts more than what is learned. */
export function followKnown(state: PackingState, revision: RevisionState, now: number): void {
  const { known } = revision;
  if (known === null) return;
  if (known.until <= now) {
    revision.known = null;
    return;
  }
  revision.preStart = known;
  addTimer(state.timers, Math.max(now, known.at), -revision.number);
}

/** Whether the machine that the revision is to have is for a call that is known to come. */
export function isKnown({ known, preStart }: Pick<RevisionState, "known" | "preStart">): boolean {
  return known !== null && preStart === known;
}
