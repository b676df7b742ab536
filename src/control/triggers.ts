/** The triggers of an app: what users do with them. */
import type { Accepted } from "../events/event.ts";
import type { StoredTrigger } from "../events/triggers/trigger.ts";
import type { Triggers } from "../events/triggers/triggers.ts";
import { nextTime } from "../schedules/next-time.ts";
import type { Names } from "../store/catalog/catalog.ts";
import type { ManifestTrigger } from "../store/catalog/trigger-schema.ts";
import type { CalleeParts } from "./event-callees.ts";
import { appIdOf } from "./names.ts";
import { samplePayload } from "./sample-payloads.ts";
import { scheduledPayload, triggerEvent } from "./trigger-events.ts";

export interface TriggerParts {
  catalog: { names: Pick<Names, "holder"> };
  triggers: Triggers;
  /** Resolves when they are those of the live revisions. */
  triggersSettled: () => Promise<void>;
  /** Carries out that triggers of the app are paused, or go on. */
  applyTriggers: (app: string) => Promise<void>;
  callees: CalleeParts;
}

export interface ShownTrigger extends StoredTrigger {
  /** Wall clock, ms: its next times, without their jitter. */
  nextTimes: number[];
}

const NEXT_TIMES = 3;

/** Rejects with "no-such-app". */
export async function listTriggers(parts: TriggerParts, tenant: string, appName: string): Promise<ShownTrigger[]> {
  const app = appIdOf(parts.catalog.names, tenant, appName);
  await parts.triggersSettled();
  const all = await parts.triggers.list(app, "manifest");
  return all.map((trigger) => Object.assign(trigger, { nextTimes: nextTimes(trigger) }));
}

function nextTimes({ timing, dueAt, anchor, isPaused }: StoredTrigger): number[] {
  if (timing === undefined || dueAt === null || isPaused) return [];
  const { schedule, from, until } = timing;
  const times = [dueAt];
  while (times.length < NEXT_TIMES) {
    const next = nextTime(schedule, { anchor: from ?? anchor, from, until }, times.at(-1)!);
    if (next === null) break;
    times.push(next);
  }
  return times;
}

/**
 * Starts the trigger's function at once, also while the trigger is paused. Its next times stay as they are.
 * @param payload undefined: a sample of what comes for such a trigger
 * Rejects with "no-such-app", "no-such-trigger", "no-such-function" and what Events.accept() rejects with.
 */
export async function fireTrigger(
  { catalog, triggers, triggersSettled, callees }: TriggerParts,
  tenant: string,
  appName: string,
  name: string,
  payload: unknown,
  now: number,
): Promise<Accepted> {
  const app = appIdOf(catalog.names, tenant, appName);
  await triggersSettled();
  const trigger = await triggers.find(app, "manifest", name);
  const given = payload === undefined ? sampleOf(trigger, now) : payload;
  const [accepted] = await triggers.fire(app, "manifest", name, [triggerEvent(callees, trigger, given)], true);
  return accepted!;
}

function sampleOf(trigger: StoredTrigger, now: number): unknown {
  const definition = trigger.definition as ManifestTrigger;
  return "schedule" in definition ? scheduledPayload(trigger, now) : samplePayload(definition, now);
}

/** Rejects with "no-such-app" and "no-such-trigger". */
export async function pauseTrigger(
  { catalog, triggers, triggersSettled, applyTriggers }: TriggerParts,
  tenant: string,
  appName: string,
  name: string,
  isPaused: boolean,
): Promise<void> {
  const app = appIdOf(catalog.names, tenant, appName);
  await triggersSettled();
  await triggers.pause(app, "manifest", name, isPaused);
  await applyTriggers(app);
}
