/**
 * The stream of platform events: who does something tells it here, and whoever wants to know listens.
 *
 * Owns: the listeners, by the type of event.
 * 1. An event is told to its listeners at once and in the order in which they came, so what they count is exact. They only take note: what waits
 *    for a disk or a network is for later.
 * 2. A listener that throws changes nothing for who told the event, nor for the other listeners. Its errors are reported once a minute at most.
 * 3. Where nobody listens for a type, hears() says so, and nobody needs to make the event.
 */
import type { Clock } from "../base/clock/clock.ts";
import type { PlatformEvent } from "./platform-event.ts";

type EventType = PlatformEvent["type"];
type EventOf<Type extends EventType> = Extract<PlatformEvent, { type: Type }>;
type Listener = (event: PlatformEvent) => void;

/** By type, what is to be done with an event. */
export type Listeners = { [Type in EventType]?: (event: EventOf<Type>) => void };

const REPORT_EVERY_MS = 60_000;

export class EventStream {
  readonly #clock: Pick<Clock, "now">;
  readonly #report: (error: unknown) => void;
  readonly #listeners = new Map<EventType, Listener[]>();
  #reportedAt = -Infinity;

  /** @param report told of a listener's error, once a minute at most */
  constructor(clock: Pick<Clock, "now">, report: (error: unknown) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** Whether anybody listens for events of the type. */
  hears(type: EventType): boolean {
    return this.#listeners.has(type);
  }

  tell(event: PlatformEvent): void {
    const listeners = this.#listeners.get(event.type);
    if (listeners === undefined) return;
    for (const listener of listeners) this.#inform(listener, event);
  }

  /** Returns what ends the listening. */
  listen(listeners: Listeners): () => void {
    const added = Object.entries(listeners) as [EventType, Listener][];
    // A list is never changed: one that is being gone through stays as it is.
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
