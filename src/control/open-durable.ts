/** Opens the calls that are run later, with all that carries them out. */
import type { ServerStart } from "../base/config/server-start.ts";
import { MayflyError } from "../base/errors/error.ts";
import type { Dispatcher } from "../dispatch/invocation.ts";
import type { LiveDispatcher } from "../dispatch/live-dispatcher.ts";
import type { EgressOfServer } from "../egress/open-egress.ts";
import { hostRequest } from "../egress/host-request.ts";
import { AcceptingDispatcher } from "../events/accepting.ts";
import type { Events } from "../events/events.ts";
import { functionPerformer } from "../events/function-performer.ts";
import { httpPerformer } from "../events/http-performer.ts";
import { queuePerformer } from "../events/queue-performer.ts";
import type { Buses } from "../events/bus/buses.ts";
import type { Deliver } from "../events/bus/buses-over.ts";
import type { Schedules } from "../events/scheduler/schedules.ts";
import { openEvents } from "../events/open-events.ts";
import type { Performer } from "../events/performer.ts";
import type { KeyValues } from "../services/kv/kv.ts";
import type { Objects } from "../services/objects/objects.ts";
import type { Catalog } from "../store/catalog/catalog.ts";
import type { Logs } from "../store/logs/logs.ts";
import type { EventStream } from "../telemetry/event-stream.ts";
import type { Tracing } from "../telemetry/traces/tracing.ts";
import type { Compose } from "../events/triggers/trigger-clock.ts";
import type { TriggerOwner } from "../events/triggers/trigger.ts";
import type { Triggers } from "../events/triggers/triggers.ts";
import type { QueueSources } from "../events/sources/queue-sources.ts";
import type { Queues } from "../services/queues/queues.ts";
import { type BucketTriggers, bucketTriggers } from "./bucket-triggers.ts";
import { deliverToQueue } from "./own-queues.ts";
import { calleeOf, type CalleeParts, termsOf } from "./event-callees.ts";
import { followStores } from "./follow-stores.ts";
import { expectEvents } from "./expect-events.ts";
import { keepTriggers } from "./keep-triggers.ts";
import { queueTriggers } from "./queue-triggers.ts";
import { isNamed, nameOfId } from "./names.ts";
import { listeningOf, scheduledEvent, triggerEvent } from "./trigger-events.ts";

interface DurableNeeds {
  queues: Queues;
  sources: QueueSources;
  callees: CalleeParts;
  kv: Pick<KeyValues, "watch" | "stores">;
  /** Called once the server is up. */
  objects: () => Objects;
  catalog: Pick<Catalog, "secrets" | "live" | "triggered" | "names" | "tenants">;
  dispatcher: Dispatcher;
  /** Is told of calls that are about to come. */
  expecting: Pick<LiveDispatcher, "expect">;
  egress: Pick<EgressOfServer, "ofHost">;
  logs: Pick<Logs, "append">;
  tracing: Tracing | undefined;
  events: EventStream;
}

export interface Durable {
  events: Events;
  triggers: Triggers;
  buses: Buses;
  schedules: Schedules;
  /** Resolves when the triggers are those of the live revisions. */
  triggersSettled: () => Promise<void>;
  /** Carries out that triggers of the app are paused, or go on. */
  applyTriggers: (app: string) => Promise<void>;
  /** The value of an app's secret. Throws "no-such-secret". */
  secret: (app: string, name: string) => string;
  /** Starts functions for changes of buckets. */
  bucketTriggers: Pick<BucketTriggers, "deliver">;
  /** Takes the gateway's calls that are to be run later. */
  later: Dispatcher;
  /** Lets somebody carry out the events of lanes that name it. */
  add(name: string, performer: Performer): void;
  /** Lets somebody make the events of schedules that it keeps. */
  composeBy(owner: TriggerOwner, compose: Compose): void;
  /** Lets somebody make the events that go to targets of rules. */
  deliverBy(deliver: Deliver): void;
  /** Begins with what an earlier server left, once everybody is added. */
  start(): Promise<void>;
}

/** What is left of tenants that were removed is looked for this often, milliseconds. */
const TIDY_MS = 3_600_000;

export function openDurable(
  start: ServerStart,
  { callees, catalog, kv, objects, queues, sources, dispatcher, expecting, egress, logs, tracing, events: stream }: DurableNeeds,
): Durable {
  const { config, clock, log, closing } = start;
  const { resultBytes, payloadBytes } = config.events;
  const now = () => clock.wall();
  const performers = new Map<string, Performer>([
    ["function", functionPerformer({ dispatcher, callee: (...what) => calleeOf(callees, ...what), resultBytes })],
    ["queue", queuePerformer((delivery) => deliverToQueue({ queues, names: callees.names }, delivery))],
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
  const compose = new Map([["manifest", (trigger, dueAt) => [scheduledEvent(callees, trigger, dueAt)]]] as [TriggerOwner, Compose][]);
  let deliver: Deliver = () => {
    throw new MayflyError("internal", { what: "nobody delivers events of rules" });
  };
  const opened = openEvents(start, {
    performers,
    compose,
    logs,
    tracing,
    events: stream,
    tenantOf: (app) => (isNamed(catalog.names, app) ? catalog.names.nameOf(app)?.tenant : undefined),
    haveTenant: (id) => catalog.tenants.list().some((tenant) => tenant.id === id),
    coming: (trigger, inMs) =>
      expectEvents({ callees, dispatcher: expecting, compose: (...what) => compose.get(trigger.owner)?.(...what) ?? [] }, trigger, inMs),
    listening: listeningOf,
    start: (trigger, event) => triggerEvent(callees, trigger, event),
    deliver: (...what) => deliver(...what),
    undelivered: (what, error) => log.warn({ ...what, err: error }, "an event of a bus did not go to one of its targets"),
  });
  const { events, triggers, buses, schedules } = opened;
  const followers = followStores({
    triggers,
    kv,
    callees,
    tenantOf: (app) => catalog.tenants.tenantOf(app),
    events: stream,
    clock,
    onFailure: (app, error) =>
      log.error({ err: error, app: nameOfId(callees.names, app) }, "changes of a key-value store start nothing for now; it is tried again"),
  });
  closing.defer(() => followers.close());
  const applyTriggers = queueTriggers({
    triggers,
    sources,
    queues,
    names: callees.names,
    dispatcher,
    callee: (...what) => calleeOf(callees, ...what),
    events: stream,
  });
  const ofBuckets = bucketTriggers({ triggers, objects, callees, events: stream });
  const kept = keepTriggers({
    catalog,
    triggers,
    events: stream,
    clock,
    haveFile: () => opened.haveFile(),
    onTaken: (app) => followers.changed(app),
    async applied(app) {
      await applyTriggers(app);
      await ofBuckets.apply(app);
    },
    onFailure: (app, error) =>
      log.error(
        { err: error, app: nameOfId(callees.names, app) },
        "an app's triggers are not those of its live revision yet; it is tried again",
      ),
  });
  closing.defer(() => kept.close());
  const complain = (error: unknown) =>
    log.error({ err: error }, "what is kept of tenants and apps that are gone was not removed; it is tried again");
  closing.defer(clock.every(TIDY_MS, () => void opened.tidy().catch(complain)));
  const later = new AcceptingDispatcher({ events, terms: (...what) => termsOf(callees, ...what), payloadBytes, now });
  return {
    events,
    triggers,
    buses: { ...buses, publish: (...what) => kept.settled().then(() => buses.publish(...what)) },
    schedules,
    triggersSettled: () => kept.settled(),
    applyTriggers,
    bucketTriggers: ofBuckets,
    later,
    secret: (app, name) => secretOf(catalog, app, name),
    add: (name, performer) => void performers.set(name, performer),
    composeBy: (owner, make) => void compose.set(owner, make),
    deliverBy: (by) => void (deliver = by),
    async start() {
      await opened.tidy();
      await opened.start();
      await kept.start();
      await opened.startTriggers();
    },
  };
}

function secretOf(catalog: Pick<Catalog, "secrets">, app: string, name: string): string {
  const value = catalog.secrets(app, [name])[name];
  if (value === undefined) throw new MayflyError("no-such-secret", { app, secret: name });
  return value;
}
