/**
 * What the core asks a rule set. There are two: `learned`, which goes by each revision's own past, and `fixed`, which keeps every idle machine for the
 * setting `idleMs`, learns nothing and starts nothing ahead of need. Rule sets keep what they know in the state, so that it stays plain data.
 */
import type { Pool } from "../core/blanks.ts";
import type { RevisionState, MachineEntry, PackingOptions, PackingState } from "../core/packing-state.ts";
import type { Report } from "../core/stats.ts";
import type { AppLimits, MachineStats } from "../policy.ts";
import type { EndReason } from "../reasons.ts";
import type { LearnedFacts } from "./learned-facts.ts";

export interface Rules {
  /** Invocations at once on a machine of a revision of which nothing is known yet. */
  firstSlots(limits: AppLimits): number;
  /** A machine reported: the revision's slots may change. */
  learnSlots(state: PackingState, revision: RevisionState, machine: MachineEntry, stats: MachineStats, report: Report): void;
  /** Sets `revision.forecast`, machines that demand takes one start-up time from now, and `revision.trigger`. */
  refreshForecast(state: PackingState, revision: RevisionState, now: number): void;
  /** Share of the revision's waiting calls that need a slot of their own within one start-up time, 0 to 1. */
  partAtOnce(state: PackingState, revision: RevisionState, now: number): number;
  /** Until when an idle machine, one of more than the revision's minimum, is kept: it is killed where that is not later than `now`. */
  idleUntil(state: PackingState, revision: RevisionState, machine: MachineEntry, now: number): number;
  /** @param last the revision is idle as a whole, and this is its only machine */
  whyIdleKilled(state: PackingState, revision: RevisionState, machine: MachineEntry, last: boolean, now: number): EndReason;
  /** Blanks to keep in the pool, beside those that revisions reserved. @param least what the setting `blanks` asks for */
  blanks(state: PackingState, pool: Pool, least: number, now: number): number;
  /** Called before a surplus of blanks is killed. Returns how many of it are kept for starts that are planned. */
  blanksHeld(state: PackingState, pool: Pool, now: number): number;
  /** Until when the pool's oldest blank is kept though it is one too many. */
  blankUntil(state: PackingState, pool: Pool): number;
  /** Whether a blank that a revision took is replaced. */
  replacesBlanks(options: PackingOptions): boolean;
  /** The last blank is kept for a revision without a machine, while another can be started for those that have one. */
  readonly keepsLastBlank: boolean;
  /** Starts under way at which no spare, and no blank, is started: more would only slow down those. */
  readonly mostSparesAtOnce: number;
  readonly mostBlanksAtOnce: { idle: number; busy: number };
  /** null: nothing is learned. Changes nothing. */
  facts(state: PackingState, revision: RevisionState, now: number): LearnedFacts | null;
}
