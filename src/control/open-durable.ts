/** Opens the calls that are run later, with all that carries them out. */
import type { ServerStart } from "../base/config/server-start.ts";
import { MayflyError } from "../base/errors/error.ts";
import type { Dispatcher } from "../dispatch/invocation.ts";
import type { EgressOfServer } from "../egress/open-egress.ts";
import { hostRequest } from "../egress/host-request.ts";
import { AcceptingDispatcher } from "../events/accepting.ts";
import type { Events } from "../events/events.ts";
import { functionPerformer } from "../events/function-performer.ts";
import { httpPerformer } from "../events/http-performer.ts";
import { openEvents } from "../events/open-events.ts";
import type { Performer } from "../events/performer.ts";
import type { Catalog } from "../store/catalog/catalog.ts";
import type { Logs } from "../store/logs/logs.ts";
import type { EventStream } from "../telemetry/event-stream.ts";
import { calleeOf, type CalleeParts, termsOf } from "./event-callees.ts";

interface DurableNeeds {
  callees: CalleeParts;
  catalog: Pick<Catalog, "secrets">;
  dispatcher: Dispatcher;
  egress: Pick<EgressOfServer, "ofHost">;
  logs: Pick<Logs, "append">;
  events: EventStream;
}

export interface Durable {
  events: Events;
  /** Takes the gateway's calls that are to be run later. */
  later: Dispatcher;
  /** Lets somebody carry out the events of lanes that name it. */
  add(name: string, performer: Performer): void;
  /** Begins with what an earlier server left, once everybody is added. */
  start(): Promise<void>;
}

export function openDurable(start: ServerStart, { callees, catalog, dispatcher, egress, logs, events: stream }: DurableNeeds): Durable {
  const { config, clock } = start;
  const { resultBytes, payloadBytes } = config.events;
  const now = () => clock.wall();
  const performers = new Map<string, Performer>([
    ["function", functionPerformer({ dispatcher, callee: (...what) => calleeOf(callees, ...what), resultBytes })],
    [
      "http",
      httpPerformer({
        post: (app, url, headers, body, signal) =>
          hostRequest((isPlain) => egress.ofHost(app, isPlain), {
            method: "POST",
            url,
            headers,
            body,
            mostBytes: resultBytes,
            isCut: true,
            signal,
          }),
        secret: (app, name) => secretOf(catalog, app, name),
        now,
      }),
    ],
  ]);
  const opened = openEvents(start, { performers, logs, events: stream });
  const { events } = opened;
  const later = new AcceptingDispatcher({ events, terms: (...what) => termsOf(callees, ...what), payloadBytes, now });
  return { events, later, add: (name, performer) => void performers.set(name, performer), start: () => opened.start() };
}

function secretOf(catalog: Pick<Catalog, "secrets">, app: string, name: string): string {
  const value = catalog.secrets(app, [name])[name];
  if (value === undefined) throw new MayflyError("no-such-secret", { app, secret: name });
  return value;
}
