/** Events and dead letters of an app: what users do with them. */
import type { Accepted, NewEvent } from "../events/event.ts";
import type { Events } from "../events/events.ts";
import type { FunctionAbout } from "../events/function-performer.ts";
import { newId } from "../events/new-event-id.ts";
import type { Names } from "../store/catalog/catalog.ts";
import { type CalleeParts, termsOf } from "./event-callees.ts";
import { appIdOf } from "./names.ts";

export interface EventParts {
  catalog: { names: Pick<Names, "holder"> };
  events: Events;
  callees: CalleeParts;
}

/** What is accepted for a function. */
export interface EventRequest extends Pick<NewEvent, "dueAt" | "idempotencyKey" | "orderKey" | "priority" | "trace" | "source"> {
  function: string;
  version?: string | undefined;
  payload: Uint8Array;
}

/** The function gets the payload as its event. Rejects with "no-such-app", "no-such-function" and what Events.accept() rejects with. */
export async function acceptEvent(
  { catalog, events, callees }: EventParts,
  tenant: string,
  appName: string,
  { function: name, version, payload, ...request }: EventRequest,
): Promise<Accepted> {
  const app = appIdOf(catalog.names, tenant, appName);
  const about: FunctionAbout = { input: { kind: "event" }, ...(version !== undefined && { version }) };
  const lane = { performer: "function", app, target: name };
  return events.accept({ ...request, ...termsOf(callees, app, name, version), lane, id: newId(), payload, about });
}

/** Functions whose events wait, by the function's name. Rejects with "no-such-app", and with "no-such-function" if events are to wait that nobody can send. */
export async function pauseEvents(
  { catalog, events, callees }: EventParts,
  tenant: string,
  appName: string,
  name: string,
  isPaused: boolean,
): Promise<void> {
  const app = appIdOf(catalog.names, tenant, appName);
  if (isPaused) termsOf(callees, app, name, undefined);
  await events.pause({ performer: "function", app, target: name }, isPaused);
}
