/** Durable invocations: accepted, run until they are done or given up, and looked at. `app` is an app's id everywhere. */
import type { Accepted, Lane, NewEvent } from "./event.ts";
import type { LaneRow } from "./store/lanes.ts";
import type { Front, Page, ShownEvent } from "./store/look.ts";
import type { WaitingFor } from "./waiting-for.ts";
import type { About } from "./store/accept.ts";

export interface Events {
  /**
   * Resolves when the event is on the disk. Rejects with "too-many-events", "store-busy" and "disk-full"; then it is not kept.
   */
  accept(event: NewEvent): Promise<Accepted>;
  /** The newest first. @param which those that have not ended, those that have, or all @param before of an earlier page: its `next` */
  list(app: string, which: "open" | "ended" | "all", most: number, before?: number): Promise<Page>;
  /** Rejects with "no-such-event", also for one of another app. */
  show(app: string, id: string): Promise<DetailedEvent>;
  /** Of each function of the app that has events which have not ended: one of them, with what it waits for. */
  explain(app: string): Promise<(Front & { waitsFor: WaitingFor | null })[]>;
  /** Ends an event without a further attempt; one that runs is let run to its end. Rejects with "no-such-event", and with "wrong-event-state" if it has ended. */
  cancel(app: string, id: string): Promise<void>;
  /** Runs an event at once that waits for its time or for its next attempt. Rejects with "no-such-event", and with "wrong-event-state" if it does not wait for either. */
  retry(app: string, id: string): Promise<void>;
  /** The number of events that have not ended, of each app that has any. */
  openByApp(): Promise<{ app: string; events: number }[]>;
  /** What waits for each function. */
  lanes(app: string): Promise<LaneRow[]>;
  /** The events of a paused lane are accepted and wait. */
  pause(lane: Lane, isPaused: boolean): Promise<void>;
  readonly deadLetters: DeadLetters;
}

interface DeadLetters {
  /** The newest first. */
  list(app: string, most: number, before?: number): Promise<Page>;
  /** Runs them again under their ids. @param ids null: all of the app @returns how many there were */
  redrive(app: string, ids: readonly string[] | null): Promise<number>;
  purge(app: string, ids: readonly string[] | null): Promise<number>;
}

interface DetailedEvent extends ShownEvent {
  /** Absent once the event has ended well. */
  payload?: Uint8Array;
  about?: About;
  /** What the function returned, if it was kept. */
  result: Uint8Array | null;
  /** Null: it has ended. */
  waitsFor: WaitingFor | null;
}
