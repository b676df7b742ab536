/** What published events start: made within bounds, then stored in one transaction. */
import { TooMuchWork, type Work } from "../../patterns/work.ts";
import type { NewEvent } from "../event.ts";
import type { GroupCommit } from "../../store/group-commit/group-commit.ts";
import type { Runner } from "../runner.ts";
import type { WaitingLimits } from "../store/accept.ts";
import type { EventOperations } from "../store/engine.ts";
import { traceEvent, type TracedEvent, type TracedEvents } from "../traced-events.ts";
import type { StoredTrigger } from "../triggers/trigger.ts";
import type { BusEvent, BusLimits, RuleRef, Target } from "./bus.ts";
import type { Publication } from "./buses.ts";
import { type Listeners, wanting } from "./listeners.ts";
import type { Delivered } from "./store/operations.ts";

export interface StartNeeds {
  commit: GroupCommit<EventOperations>;
  runner: Pick<Runner, "accepted">;
  /** What goes to a target of a rule. Throws an error, if it cannot be made: then nothing goes there. */
  deliver: (rule: RuleRef, target: Target, event: BusEvent) => NewEvent;
  /** The event of a trigger of a manifest. Throws as deliver() does. */
  start: (trigger: StoredTrigger, event: BusEvent) => NewEvent;
  limits: BusLimits;
  most: WaitingLimits;
  /** Wall clock, ms. */
  now: () => number;
  /** Called with why an event does not go where it should: its function is gone, for example. */
  undelivered: (what: { tenant: string; bus: string; to: string }, error: unknown) => void;
  traced?: TracedEvents | undefined;
}

type Wanted = ReturnType<typeof wanting>;

/** What an event counts besides its payload, bytes: about a tenth of a millisecond of the store's time is worth that. */
const EVENT_BYTES = 16_384;
const NOBODY: Wanted = { rules: [], triggers: [] };

/** Who gets the event, or why it is refused. @param listeners null: there is no such bus */
export function wantedBy(listeners: Listeners | null, event: BusEvent, work: Work): Wanted | string {
  try {
    return listeners === null ? NOBODY : wanting(listeners, event, work);
  } catch (error) {
    if (error instanceof TooMuchWork) return `${error.message}: fewer or simpler patterns are needed`;
    throw error;
  }
}

/** How many events it starts. */
export function countOf({ rules, triggers }: Wanted): number {
  return rules.reduce((sum, { targets }) => sum + targets.length, triggers.length);
}

/** Resolves when what they start is on the disk, with the reason why each was refused, or null. */
export async function startAll(
  needs: StartNeeds,
  tenant: string,
  publications: readonly Publication[],
  wanted: readonly (Wanted | string)[],
): Promise<(string | null)[]> {
  const { commit, runner, limits, now, most, traced } = needs;
  const room = { bytes: limits.startedBytes };
  /** By the events' ids. */
  const spans = new Map<string, TracedEvent["stored"]>();
  const withSpans = ({ events, triggers }: Delivered): Delivered => ({
    triggers,
    events: events.map((given) => {
      const { event, stored } = traceEvent(given, traced);
      spans.set(event.id, stored);
      return event;
    }),
  });
  const made = wanted.map((each, at) => (typeof each === "string" ? each : startedBy(needs, tenant, publications[at]!, each, room)));
  const all = made.map((each) => (typeof each === "string" ? NOTHING : withSpans(each)));
  const given = made.map((each) => (typeof each === "string" ? each : null));
  if (all.every(({ events }) => events.length === 0)) return given;
  const at = now();
  const { accepted, refused } = await commit.run("publish", { all, now: at, most }, limits.startedBytes - room.bytes);
  for (const { id, lane, to, dueAt } of accepted) {
    spans.get(id)?.(now(), at);
    runner.accepted(lane, to, dueAt);
  }
  return given.map((why, place) => why ?? refused[place] ?? null);
}

const NOTHING: Delivered = { events: [], triggers: [] };

/** What an event starts, or why it is refused: all of it has room, or nothing. */
function startedBy(
  { deliver, start, undelivered, limits }: StartNeeds,
  tenant: string,
  { bus, event, trace }: Publication,
  { rules, triggers }: Wanted,
  room: { bytes: number },
): Delivered | string {
  const wishes = [
    ...rules.flatMap((rule) => rule.targets.map((target) => ({ to: target.arn, trigger: null, make: () => deliver(rule, target, event) }))),
    ...triggers.map((trigger) => ({ to: trigger.name, trigger: trigger.trigger, make: () => start(trigger, event) })),
  ];
  const delivered: Delivered = { events: [], triggers: [] };
  let left = room.bytes;
  for (const { to, trigger, make } of wishes) {
    const made = orUndefined(make, (error) => undelivered({ tenant, bus, to }, error));
    if (made === undefined) continue;
    left -= made.payload.length + EVENT_BYTES;
    if (left < 0) return `what the event starts, with the events before it in the request, counts more than ${limits.startedBytes} bytes`;
    delivered.events.push(trace === undefined ? made : { ...made, trace });
    delivered.triggers.push(trigger);
  }
  room.bytes = left;
  return delivered;
}

function orUndefined(make: () => NewEvent, failed: (error: unknown) => void): NewEvent | undefined {
  try {
    return make();
  } catch (error) {
    failed(error);
    return undefined;
  }
}
