/**
 * What the core of the policy asks a rule set. There are two: `learned` decides by each revision's own past; `fixed` keeps every idle machine for the
 * setting `idleMs`, learns nothing and starts nothing ahead of need. Rule sets keep what they know in the state, so that the state stays plain data.
 */
import type { Pool } from "../core/blanks.ts";
import type { RevisionState, MachineEntry, PackingOptions, PackingState } from "../core/packing-state.ts";
import type { Report } from "../core/stats.ts";
import type { AppLimits, MachineStats } from "../policy.ts";
import type { EndReason } from "../reasons.ts";
import type { Span } from "./keep-alive.ts";
import type { LearnedFacts } from "./learned-facts.ts";

export interface Rules {
  /** Slots of a machine of a revision of which nothing is known yet. */
  firstSlots(limits: AppLimits): number;
  /** When a machine is there for a call that comes in `inMs`; null: none is started ahead of it. */
  known(state: PackingState, revision: RevisionState, inMs: number, now: number): Span | null;
  /** Called when a machine reported. May change the revision's slots. */
  learnSlots(state: PackingState, revision: RevisionState, machine: MachineEntry, stats: MachineStats, report: Report): void;
  /** Sets `revision.forecast`, the machines that demand needs one window from now, and `revision.trigger`. */
  refreshForecast(state: PackingState, revision: RevisionState, now: number): void;
  /** Share of the revision's waiting calls, 0 to 1, that the present slots will not serve within one window. */
  partAtOnce(state: PackingState, revision: RevisionState, now: number): number;
  /** Until when an idle machine is kept that is not of the revision's minimum. A time that is not later than `now` means that it is killed. */
  idleUntil(state: PackingState, revision: RevisionState, machine: MachineEntry, now: number): number;
  /** @param last the revision is idle as a whole, and this is its only machine */
  whyIdleKilled(state: PackingState, revision: RevisionState, machine: MachineEntry, last: boolean, now: number): EndReason;
  /** Whether a machine is kept for a while that comes up before its first call. If not, none is started ahead of a call. */
  keepsUnused(state: PackingState): boolean;
  /** Number of blanks to keep in the pool, beside those that apps reserved. @param least what the setting `blanks` asks for */
  blanks(state: PackingState, pool: Pool, least: number, now: number): number;
  /** Called before surplus blanks are killed. Returns how many of them are kept for starts that are planned. */
  blanksHeld(state: PackingState, pool: Pool, now: number): number;
  /** Until when the pool's oldest blank is kept if it is surplus. */
  blankUntil(state: PackingState, pool: Pool): number;
  /** Whether a blank that a revision took is replaced. */
  replacesBlanks(options: PackingOptions): boolean;
  /** Whether the last blank is kept for a revision without a machine, as long as another machine can be started for revisions that have one. */
  readonly keepsLastBlank: boolean;
  /** Numbers of starts under way at which no further spare, and no further blank, is started: more starts would slow each other down. */
  readonly mostSparesAtOnce: number;
  readonly mostBlanksAtOnce: { idle: number; busy: number };
  /** What is known of the revision; null: these rules learn nothing. Changes nothing. */
  facts(state: PackingState, revision: RevisionState, now: number): LearnedFacts | null;
}
