/** What the triggers of a manifest are, and the events that they start. */
import { jsonBytes } from "../base/remember/json-bytes.ts";
import type { EventSource, NewEvent } from "../events/event.ts";
import type { FunctionAbout } from "../events/function-performer.ts";
import { newId } from "../events/new-event-id.ts";
import type { StoredTrigger, Timing, TriggerDefinition } from "../events/triggers/trigger.ts";
import { readSchedule } from "../schedules/read-schedule.ts";
import type { Manifest } from "../store/catalog/manifest.ts";
import { type ManifestTrigger, namedTriggers } from "../store/catalog/trigger-schema.ts";
import { type CalleeParts, termsOf } from "./event-callees.ts";

/** There is no caller whose trace it could be part of. */
const NO_TRACE = { traceparent: "", tracestate: "" };

export function triggersIn({ functions }: Pick<Manifest, "functions">): TriggerDefinition[] {
  return namedTriggers(functions).map(({ name, function: target, trigger }) => {
    const defined: TriggerDefinition = { name, target, kind: kindOf(trigger), definition: trigger };
    if ("schedule" in trigger) defined.timing = timingOf(trigger);
    return defined;
  });
}

function kindOf(trigger: ManifestTrigger): TriggerDefinition["kind"] {
  if ("schedule" in trigger) return "schedule";
  if ("kv" in trigger) return "kv";
  if ("queue" in trigger) return "queue";
  if ("bucket" in trigger) return "bucket";
  if ("event" in trigger) return "bus";
  return "webhook" in trigger ? "webhook" : "cloudevents";
}

function timingOf({ schedule, timeZone, missed, jitterS, from, until }: Extract<ManifestTrigger, { schedule: string }>): Timing {
  return {
    schedule: readSchedule(schedule, timeZone),
    missed,
    jitterMs: Math.round(1_000 * jitterS),
    ...(from !== undefined && { from: Date.parse(from) }),
    ...(until !== undefined && { until: Date.parse(until) }),
  };
}

/** What a schedule's function gets of one of its times. */
export function scheduledPayload({ name, definition }: TriggerDefinition, dueAt: number): unknown {
  const { payload, schedule } = definition as Extract<ManifestTrigger, { schedule: string }>;
  return payload ?? { trigger: name, schedule, time: new Date(dueAt).toISOString() };
}

/** Which bus a trigger of the kind `bus` listens to, and the JSON of its pattern. */
export function listeningOf({ definition }: Pick<StoredTrigger, "definition">): { bus: string; pattern: string } {
  const { event } = definition as Extract<ManifestTrigger, { event: object }>;
  return { bus: event.bus, pattern: JSON.stringify(event.pattern) };
}

/** The event of a trigger for one of its times. Throws "no-such-app" and "no-such-function". */
export function scheduledEvent(callees: CalleeParts, trigger: StoredTrigger, dueAt: number): NewEvent {
  return triggerEvent(callees, trigger, scheduledPayload(trigger, dueAt));
}

function sourceOf(kind: TriggerDefinition["kind"]): EventSource["kind"] {
  if (kind === "bucket") return "object";
  return kind === "cloudevents" ? "webhook" : kind;
}

/** @property id the sender's own, by which a delivery that comes again is known @property trace that of the sender; default: its own trace begins with it */
export function triggerEvent(
  callees: CalleeParts,
  { app, name, kind, target }: Pick<StoredTrigger, "app" | "name" | "kind" | "target">,
  payload: unknown,
  { id, trace = NO_TRACE }: { id?: string | undefined; trace?: NewEvent["trace"] | undefined } = {},
): NewEvent {
  const about: FunctionAbout = { input: { kind: "event" } };
  return {
    lane: { performer: "function", app, target },
    id: newId(),
    payload: typeof payload === "object" && payload !== null ? jsonBytes(payload) : Buffer.from(JSON.stringify(payload)),
    about,
    source: { kind: sourceOf(kind), name },
    trace,
    ...termsOf(callees, app, target, undefined),
    ...(id !== undefined && { idempotencyKey: `${kind} ${name} ${id}` }),
  };
}
