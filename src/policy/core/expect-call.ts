import { rulesOf } from "../rules/rules-of.ts";
import { followKnown } from "./known.ts";
import type { PackingState } from "./packing-state.ts";

/** A call of the revision comes in `inMs`. Of several that are known, the machine is there from the first to the last. */
export function expectCall(state: PackingState, id: string, inMs: number, now: number): void {
  const revision = state.revisions.get(id);
  const span = revision && rulesOf(state).known(state, revision, inMs, now);
  if (revision === undefined || span == null) return;
  const before = revision.known;
  const isOver = before === null || before.until <= now;
  revision.known = isOver ? span : { at: Math.min(before.at, span.at), until: Math.max(before.until, span.until) };
  if (revision.idleSince >= 0) followKnown(state, revision, now);
}
