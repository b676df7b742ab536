/**
 * The stream of platform events: rooms send events into it, and listeners (accounts, logs) receive them.
 *
 * Owns: the listeners, by the type of event.
 * 1. An event is delivered to its listeners synchronously, in the order in which they were added, so that what they count is exact. A
 *    listener only takes note; work that waits for a disk or a network must happen later.
 * 2. An error that a listener throws reaches neither the sender nor the other listeners. It is reported at most once a minute.
 * 3. hears() says whether anybody listens for a type; if nobody does, the sender need not build the event.
 */
import type { Clock } from "../base/clock/clock.ts";
import type { PlatformEvent } from "./platform-event.ts";

type EventType = PlatformEvent["type"];
type EventOf<Type extends EventType> = Extract<PlatformEvent, { type: Type }>;
type Listener = (event: PlatformEvent) => void;

/** What a listener does with an event, by the event's type. */
export type Listeners = { [Type in EventType]?: (event: EventOf<Type>) => void };

const REPORT_EVERY_MS = 60_000;

export class EventStream {
  readonly #clock: Pick<Clock, "now">;
  readonly #report: (error: unknown) => void;
  readonly #listeners = new Map<EventType, Listener[]>();
  #reportedAt = -Infinity;

  /** @param report called with a listener's error, at most once a minute */
  constructor(clock: Pick<Clock, "now">, report: (error: unknown) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** Whether anybody listens for events of this type. */
  hears(type: EventType): boolean {
    return this.#listeners.has(type);
  }

  tell(event: PlatformEvent): void {
    const listeners = this.#listeners.get(event.type);
    if (listeners === undefined) return;
    for (const listener of listeners) this.#inform(listener, event);
  }

  /** Adds listeners. Returns a function that removes them. */
  listen(listeners: Listeners): () => void {
    const added = Object.entries(listeners) as [EventType, Listener][];
    // A list of listeners is replaced, never changed, so that a delivery in progress goes through the list as it was when it began.
    for (const [type, listener] of added) this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
    return () => {
      for (const [type, listener] of added) this.#remove(type, listener);
    };
  }

  #inform(listener: Listener, event: PlatformEvent): void {
    try {
      listener(event);
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    const now = this.#clock.now();
    if (now - this.#reportedAt < REPORT_EVERY_MS) return;
    this.#reportedAt = now;
    this.#report(error);
  }

  #remove(type: EventType, listener: Listener): void {
    const left = (this.#listeners.get(type) ?? []).filter((each) => each !== listener);
    if (left.length === 0) this.#listeners.delete(type);
    else this.#listeners.set(type, left);
  }
}
