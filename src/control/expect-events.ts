/** Tells the dispatcher of calls whose time is known: those that triggers are about to start. */
import type { LiveDispatcher } from "../dispatch/live-dispatcher.ts";
import type { Compose } from "../events/triggers/trigger-clock.ts";
import type { StoredTrigger } from "../events/triggers/trigger.ts";
import { calleeOf, type CalleeParts } from "./event-callees.ts";

export interface ExpectParts {
  callees: CalleeParts;
  dispatcher: Pick<LiveDispatcher, "expect">;
  compose: Compose;
}

/** What cannot be made now may still be made at its time, which is when whoever looks is told why. */
export function expectEvents({ callees, dispatcher, compose }: ExpectParts, trigger: StoredTrigger, inMs: number): void {
  try {
    for (const { lane } of compose(trigger, trigger.dueAt!)) {
      // The app is served from now on, if it was at rest.
      calleeOf(callees, lane.app, lane.target, undefined);
      dispatcher.expect({ app: lane.app, function: lane.target }, inMs);
    }
  } catch {
    // Nothing is lost: a machine is started when the event is run.
  }
}
