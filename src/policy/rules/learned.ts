/** The learned rules: each revision's own past says how many slots its machines have, how many machines it gets, and how long they are kept. */
import { FIRST_SLOTS, MOST_BLANKS_AT_ONCE, MOST_BLANKS_AT_ONCE_BUSY, MOST_SPARES_AT_ONCE } from "../constants.ts";
import { windowMs } from "../core/costs.ts";
import { hostIsBusy } from "../core/host-limits.ts";
import type { RevisionState, PackingState } from "../core/packing-state.ts";
import { blanksForPlanned, blanksWorthKeeping, surplusUntil } from "./blank-number.ts";
import { learnSlots } from "./concurrency.ts";
import { refreshForecast } from "./forecast.ts";
import { idleUntil, whyIdleKilled } from "./idle-plans.ts";
import { spanOfKnown } from "./known-calls.ts";
import { learnedOf } from "./learned-facts.ts";
import type { Rules } from "./rules.ts";

export const learned: Rules = {
  firstSlots: ({ concurrency }) => Math.min(FIRST_SLOTS, concurrency),
  known: spanOfKnown,
  learnSlots,
  refreshForecast,
  partAtOnce,
  idleUntil,
  whyIdleKilled,
  keepsUnused: () => true,
  blanks: blanksWorthKeeping,
  blanksHeld: blanksForPlanned,
  blankUntil: surplusUntil,
  replacesBlanks: () => true,
  keepsLastBlank: true,
  mostSparesAtOnce: MOST_SPARES_AT_ONCE,
  mostBlanksAtOnce: { idle: MOST_BLANKS_AT_ONCE, busy: MOST_BLANKS_AT_ONCE_BUSY },
  facts: learnedOf,
};

/** Where invocations are short, the present slots serve several calls one after the other. Where no slot became free for a window, every waiting call needs one of its own. */
function partAtOnce(state: PackingState, { durationMs, bound, servedAt }: RevisionState, now: number): number {
  const window = windowMs(state);
  if (bound === 0 || now - servedAt > window) return 1;
  if (hostIsBusy(state)) return 0;
  if (durationMs === 0) return 1;
  return Math.min(1, durationMs / window);
}
