import type { Clock } from "../base/clock/clock.ts";
import type { EventStream } from "../telemetry/event-stream.ts";

/** What a use case needs to tell the stream of platform events what it has changed. */
export interface Telling {
  events: Pick<EventStream, "tell">;
  clock: Pick<Clock, "wall">;
}
