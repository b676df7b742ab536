/**
 * The stream of platform events: rooms send events into it, and listeners (accounts, logs, the decision log, the recording) receive them.
 *
 * Owns: the listeners, by the type of event.
 * 1. An event is delivered to its listeners synchronously, in the order in which they were added, so that what they count is exact. Such a
 *    listener only takes note. One that waits for a disk or a network is added with listenLater(), which never makes the sender wait.
 * 2. An event is read-only: it and all records in it are frozen before any listener receives it, so that no listener changes what another
 *    one, or the sender, sees.
 * 3. An error that a listener throws, or that its promise rejects with, reaches neither the sender nor the other listeners. It is reported
 *    at most once a minute.
 * 4. hears() says whether anybody listens for a type; if nobody does, the sender need not build the event.
 */
import type { Clock } from "../base/clock/clock.ts";
import { EventQueue, type EventQueueOptions } from "./event-queue.ts";
import type { PlatformEvent } from "./platform-event.ts";

type EventType = PlatformEvent["type"];
type EventOf<Type extends EventType> = Extract<PlatformEvent, { type: Type }>;
type Listener = (event: PlatformEvent) => unknown;

/** What a listener does with an event, by the event's type. */
export type Listeners = { [Type in EventType]?: (event: EventOf<Type>) => void };

/** A listener that waits for a disk or a network. */
export interface LaterListener<Type extends EventType> extends Pick<
  EventQueueOptions<EventOf<Type>>,
  "name" | "most" | "pauseMs" | "take"
> {
  types: readonly Type[];
}

const REPORT_EVERY_MS = 60_000;

export class EventStream {
  readonly #clock: Pick<Clock, "now" | "after">;
  readonly #report: (error: unknown) => void;
  readonly #listeners = new Map<EventType, Listener[]>();
  #reportedAt = -Infinity;

  /** @param report called with a listener's error, at most once a minute, and with the number of events that a slow listener lost, likewise */
  constructor(clock: Pick<Clock, "now" | "after">, report: (error: unknown) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** Whether anybody listens for events of this type. */
  hears(type: EventType): boolean {
    return this.#listeners.has(type);
  }

  tell(event: PlatformEvent): void {
    if (!this.#listeners.has(event.type)) return;
    freeze(event);
    this.tellFrozen(event);
  }

  /** As tell(), for events that come with every call: their sender has frozen them, with all records in them, which is cheaper than to look for these. */
  tellFrozen(event: PlatformEvent): void {
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

  /** Adds a listener that gets its events in batches, some time later. Returns a function that removes it and resolves when it is through. */
  listenLater<Type extends EventType>({ types, ...options }: LaterListener<Type>): () => Promise<void> {
    const failed = (error: unknown) => this.#failed(error);
    const queue = new EventQueue<EventOf<Type>>({ ...options, clock: this.#clock, failed, report: this.#report });
    const add = (event: PlatformEvent) => queue.add(event as EventOf<Type>);
    const remove = this.listen(Object.fromEntries(types.map((type) => [type, add])));
    return () => {
      remove();
      return queue.close();
    };
  }

  #inform(listener: Listener, event: PlatformEvent): void {
    try {
      const returned = listener(event);
      if (isThenable(returned)) Promise.resolve(returned).catch((error: unknown) => this.#failed(error));
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

/** An async function passes for one that returns nothing. */
function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value;
}

/** Events are plain records, of plain records. */
function freeze(record: object): void {
  Object.freeze(record);
  for (const key in record) {
    const value: unknown = (record as Record<string, unknown>)[key];
    if (typeof value === "object" && value !== null && !Object.isFrozen(value)) freeze(value);
  }
}
