import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ServerStart } from "../base/config/server-start.ts";
import type { GroupCommit } from "../store/group-commit/group-commit.ts";
import { openGroupCommit } from "../store/group-commit/open-group-commit.ts";
import type { Logs } from "../store/logs/logs.ts";
import { LogLevel } from "../wire/protocol.ts";
import type { EventStream } from "../telemetry/event-stream.ts";
import type { Tracing } from "../telemetry/traces/tracing.ts";
import type { BusLimits } from "./bus/bus.ts";
import type { Buses } from "./bus/buses.ts";
import { busesOver, type BusesNeeds } from "./bus/buses-over.ts";
import { KnownListeners, type ListenersNeeds } from "./bus/listeners.ts";
import type { ClaimedEvent, Lane } from "./event.ts";
import type { Events } from "./events.ts";
import { LazyCommit } from "../store/group-commit/lazy-commit.ts";
import type { Performer } from "./performer.ts";
import { eventsOver } from "./events-over.ts";
import type { TracedEvents } from "./traced-events.ts";
import { Runner } from "./runner.ts";
import type { ScheduleLimits } from "./scheduler/schedule.ts";
import type { Schedules } from "./scheduler/schedules.ts";
import { schedulesOver } from "./scheduler/schedules-over.ts";
import type { EventOperations } from "./store/engine.ts";
import { type Compose, TriggerClock } from "./triggers/trigger-clock.ts";
import type { StoredTrigger, TriggerOwner } from "./triggers/trigger.ts";
import type { Triggers } from "./triggers/triggers.ts";
import { triggersOver } from "./triggers/triggers-over.ts";

export interface EventsNeeds extends Pick<BusesNeeds, "deliver" | "start" | "undelivered">, Pick<ListenersNeeds, "tenantOf" | "listening"> {
  performers: ReadonlyMap<string, Performer>;
  /** Called with an event that is due in `inMs`, so that a machine may be there for it. */
  coming: (trigger: StoredTrigger, inMs: number) => void;
  /** Whether there is a tenant of this id. */
  haveTenant: (id: string) => boolean;
  /** Who makes the events of triggers that fire by themselves. */
  compose: ReadonlyMap<TriggerOwner, Compose>;
  /** Get a line for each event that was given up. */
  logs: Pick<Logs, "append">;
  /** Makes the spans of accepted events; undefined: traces are not recorded. */
  tracing: Tracing | undefined;
  /** The platform's events: what is kept of an app that is removed goes, too. */
  events: EventStream;
}

export interface OpenedEvents {
  events: Events;
  triggers: Triggers;
  buses: Buses;
  schedules: Schedules;
  /** Whether there is a file that may have events and triggers. */
  haveFile(): boolean;
  /** Forgets what is kept of tenants and apps that are gone; a server that was killed may have left some. */
  tidy(): Promise<void>;
  /** Begins with what an earlier server left, once all performers are there. Rejects with "state-damaged" and its like. */
  start(): Promise<void>;
  /** Lets triggers fire from now on, first those that are due. */
  startTriggers(): Promise<void>;
}

/** Ended events are forgotten this often, milliseconds. */
const FORGET_MS = 60_000;
const DAY_MS = 86_400_000;
/** AWS's own, but for the rules of all buses together. */
const BUS_LIMITS: BusLimits = { buses: 100, rulesOfBus: 300, rules: 3_000, targetsOfRule: 5, startedBytes: 32 * 2 ** 20 };
/** AWS has 500 and 1,000,000, each of which may be 256 KB. */
const SCHEDULE_LIMITS: ScheduleLimits = { groups: 500, schedules: 100_000, bytes: 256 * 2 ** 20 };

/**
 * Opens the events of a state folder. Its file is made when the first event is accepted, and opened at the start only if it is there.
 */
export function openEvents({ config, clock, log, closing }: ServerStart, needs: EventsNeeds): OpenedEvents {
  const { performers, compose, logs, events } = needs;
  const { maxRunning, maxWaiting, maxWaitingMb, keepDays, keep, resultBytes } = config.events;
  const file = join(config.stateDir, "events.db");
  const onFailure = (error: unknown) => log.error({ err: error }, "an event's state was not stored; it is tried again");
  const tell = ({ id }: ClaimedEvent, { app, target }: Lane, text: string) =>
    logs.append({ at: clock.wall(), app, function: target, invocation: id, level: LogLevel.Platform, text });
  const module = new URL("store/engine.ts", import.meta.url);
  const commit = new LazyCommit(() => openGroupCommit<EventOperations>({ file, module, onFailure }));
  closing.defer(() => commit.close());
  const runner = new Runner({
    commit,
    performers,
    clock,
    tenantOf: needs.tenantOf,
    chance: Math.random,
    most: maxRunning,
    resultBytes,
    tell,
    onFailure,
  });
  closing.defer(() => runner.close(config.graceMs));
  closing.defer(
    clock.every(FORGET_MS, () => {
      if (commit.isOpen) forget(commit, clock.wall() - keepDays * DAY_MS, keep).catch(onFailure);
    }),
  );
  const listeners = new KnownListeners({ ...needs, commit });
  const changed = (app: string) => listeners.forget(needs.tenantOf(app));
  closing.defer(
    events.listen({
      "app-removed": ({ app }) => {
        if (!commit.isOpen) return;
        runner.forget(app);
        removeAll(commit, app)
          .then(() => changed(app))
          .catch(onFailure);
      },
    }),
  );
  const most = { events: maxWaiting, bytes: maxWaitingMb * 2 ** 20 };
  const now = () => clock.wall();
  const traced: TracedEvents | undefined = needs.tracing && {
    tracing: needs.tracing,
    tell: (event) => events.tell(event),
    isApp: (app) => needs.tenantOf(app) !== undefined,
  };
  const over = eventsOver(commit, runner, most, now, traced);
  const triggerClock = new TriggerClock({
    commit,
    runner,
    compose,
    most,
    clock,
    chance: Math.random,
    traced,
    coming: needs.coming,
    onFailure,
  });
  closing.defer(() => triggerClock.close());
  const triggering = { commit, runner, triggerClock, most, now, chance: Math.random };
  const triggers = triggersOver({ ...triggering, traced, changed });
  const buses = busesOver({ ...needs, ...triggering, traced, listeners, limits: BUS_LIMITS });
  const haveFile = () => existsSync(file);
  // To explain an app that never had an event needs no file.
  const explain: Events["explain"] = async (app) => (commit.isOpen || haveFile() ? over.explain(app) : []);
  // Nor does a page of metrics.
  const openByApp: Events["openByApp"] = async () => (commit.isOpen ? over.openByApp() : []);
  return {
    events: { ...over, explain, openByApp },
    triggers,
    buses,
    schedules: schedulesOver({ ...triggering, limits: SCHEDULE_LIMITS }),
    haveFile,
    async tidy() {
      if (!commit.isOpen && !haveFile()) return;
      const { tenants, apps } = await commit.run("holders", null);
      for (const tenant of tenants) if (!needs.haveTenant(tenant)) await buses.removeTenant(tenant);
      for (const app of apps) if (needs.tenantOf(app) === undefined && !needs.haveTenant(app)) await removeAll(commit, app);
    },
    async start() {
      if (haveFile()) await runner.start();
    },
    async startTriggers() {
      if (haveFile()) await triggerClock.look();
    },
  };
}

async function forget(commit: GroupCommit<EventOperations>, before: number, keep: number): Promise<void> {
  while (await commit.run("forgetEnded", { before, keep }));
}

async function removeAll(commit: GroupCommit<EventOperations>, app: string): Promise<void> {
  await commit.run("removeTriggersOf", { app });
  while (await commit.run("removeApp", { app }));
}
