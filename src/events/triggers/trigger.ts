/** What starts functions besides calls, as data: the triggers of an app, which its manifest lists, and what other doors add. */
import type { Schedule } from "../../schedules/schedule.ts";

/** What becomes of the times at which the server was down: nothing, one event for all of them, or an event for each. */
type MissedRule = "skip" | "once" | "all";

/** When a trigger fires by itself. */
export interface Timing {
  schedule: Schedule;
  missed: MissedRule;
  /** Milliseconds over which its times are spread by chance, after the time itself. */
  jitterMs: number;
  /** Wall clock, ms: it fires neither before nor after. */
  from?: number;
  until?: number;
  /** Whether the trigger is removed once it has fired for the last time. */
  isRemovedAfter?: boolean;
}

/** Who defined a trigger: the app's manifest, or a door of the platform that keeps schedules of its own. The owner decides what `definition` means. */
export type TriggerOwner = "manifest" | "scheduler" | "rule";

export interface TriggerDefinition {
  /** Unique for its owner and its app. */
  name: string;
  /** What of the app is called; for people who look at it. */
  target: string;
  kind: "schedule" | "webhook" | "cloudevents" | "kv" | "bus" | "queue" | "bucket";
  /** Only of those that fire by themselves. */
  timing?: Timing;
  /** JSON of the owner's: what is needed to make an event of it. */
  definition: unknown;
}

/** A trigger as it is stored. */
export interface StoredTrigger extends TriggerDefinition {
  trigger: number;
  /** The app's id, or that of whatever the owner keeps triggers for. */
  app: string;
  owner: TriggerOwner;
  isPaused: boolean;
  /** Wall clock, ms; intervals are counted from here. */
  anchor: number;
  /** The next time at which it is due, and when it fires, which is later by chance; null: at no time. */
  dueAt: number | null;
  firesAt: number | null;
  /** How often in a row it could not fire, though it was due. */
  refusals: number;
  /** Up to where what it follows has become events, in the numbers of what it follows; null: it has not begun, or follows nothing. */
  mark: number | null;
  last: LastRun | null;
  /** Why it did not fire the last time; null: it did. */
  why: string | null;
  /** How many events it has started. */
  fired: number;
  /** How many times were passed over, as the server was down. */
  missed: number;
}

interface LastRun {
  /** Wall clock, ms. */
  at: number;
  event: string;
}
