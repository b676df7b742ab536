/** When a machine is there for a call whose time is known, such as that of a schedule. */
import { KNOWN_SLACK_MS, LEAST_MARGIN_MS } from "../constants.ts";
import { idleCosts } from "../core/costs.ts";
import type { PackingState, RevisionState } from "../core/packing-state.ts";
import { lettingGoPays, type Span } from "./keep-alive.ts";

/** From when on a machine is started for a call that comes in `inMs`, and until when it is held; null: the wait for a start costs less than a start ahead of the call. */
export function spanOfKnown(state: PackingState, revision: RevisionState, inMs: number, now: number): Span | null {
  const { start, hold, miss, leadMs } = idleCosts(state, revision);
  const early = LEAST_MARGIN_MS + KNOWN_SLACK_MS;
  if (start + hold * early * 1e-3 >= miss) return null;
  const due = now + Math.max(0, inMs);
  return { at: due - LEAST_MARGIN_MS - leadMs, until: due + KNOWN_SLACK_MS };
}

/** Whether an idle machine is held for the call that is known to come: it is, if another one started in time for it would cost as much. */
export function isHeldForKnown(state: PackingState, revision: RevisionState, known: Span, now: number): boolean {
  return now < known.until && (now >= known.at || !lettingGoPays(idleCosts(state, revision), known.at - now));
}
