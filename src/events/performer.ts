/** Who carries out the events of a lane, and what can come of it. */
import type { ClaimedEvent, Lane } from "./event.ts";

export interface Performer {
  /** How many events of the lane may run at the same time. Asked each time before some are taken. */
  limit(lane: Lane): number;
  /**
   * Carries the event out once. Must not reject; what it rejects with nevertheless counts as "refused".
   * @param attempt counted from 1
   */
  perform(event: ClaimedEvent, lane: Lane, attempt: number): Promise<Outcome>;
  /** What a destination gets, as JSON, of an event that ended. */
  message?(event: ClaimedEvent, lane: Lane, ended: EndedAttempt): unknown;
}

export type Outcome =
  /** It is done. @param result what the function returned */
  | { kind: "done"; result: Uint8Array }
  /** The function failed, by its own fault: this counts as an attempt. */
  | { kind: "failed"; why: string; result: Uint8Array }
  /** The function was not run, or the platform failed: this does not count. */
  | { kind: "refused"; why: string }
  /** There is nobody any more who could do it. */
  | { kind: "gone"; why: string }
  /** The event is older than it may get. Only the runner says so. */
  | { kind: "old" };

export interface EndedAttempt {
  outcome: Outcome;
  attempts: number;
  /** Why there is no further attempt. */
  condition: "Success" | "RetriesExhausted" | "EventAgeExceeded";
  /** Wall clock, ms. */
  at: number;
}
