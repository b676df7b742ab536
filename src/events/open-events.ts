import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ServerStart } from "../base/config/server-start.ts";
import type { GroupCommit } from "../store/group-commit/group-commit.ts";
import { openGroupCommit } from "../store/group-commit/open-group-commit.ts";
import type { Logs } from "../store/logs/logs.ts";
import { LogLevel } from "../wire/protocol.ts";
import type { EventStream } from "../telemetry/event-stream.ts";
import type { ClaimedEvent, Lane } from "./event.ts";
import type { Events } from "./events.ts";
import { LazyCommit } from "../store/group-commit/lazy-commit.ts";
import type { Performer } from "./performer.ts";
import { eventsOver } from "./events-over.ts";
import { Runner } from "./runner.ts";
import type { EventOperations } from "./store/engine.ts";
import { type Compose, TriggerClock } from "./triggers/trigger-clock.ts";
import type { TriggerOwner } from "./triggers/trigger.ts";
import type { Triggers } from "./triggers/triggers.ts";
import { triggersOver } from "./triggers/triggers-over.ts";

export interface EventsNeeds {
  performers: ReadonlyMap<string, Performer>;
  /** Who makes the events of triggers that fire by themselves. */
  compose: ReadonlyMap<TriggerOwner, Compose>;
  /** Get a line for each event that was given up. */
  logs: Pick<Logs, "append">;
  /** The platform's events: what is kept of an app that is removed goes, too. */
  events: EventStream;
}

export interface OpenedEvents {
  events: Events;
  triggers: Triggers;
  /** Whether there is a file that may have events and triggers. */
  haveFile(): boolean;
  /** Begins with what an earlier server left, once all performers are there. Rejects with "state-damaged" and its like. */
  start(): Promise<void>;
  /** Lets triggers fire from now on, first those that are due. */
  startTriggers(): Promise<void>;
}

/** Ended events are forgotten this often, milliseconds. */
const FORGET_MS = 60_000;
const DAY_MS = 86_400_000;

/**
 * Opens the events of a state folder. Its file is made when the first event is accepted, and opened at the start only if it is there.
 */
export function openEvents({ config, clock, log, closing }: ServerStart, { performers, compose, logs, events }: EventsNeeds): OpenedEvents {
  const { maxRunning, maxWaiting, maxWaitingMb, keepDays, keep, resultBytes } = config.events;
  const file = join(config.stateDir, "events.db");
  const onFailure = (error: unknown) => log.error({ err: error }, "an event's state was not stored; it is tried again");
  const tell = ({ id }: ClaimedEvent, { app, target }: Lane, text: string) =>
    logs.append({ at: clock.wall(), app, function: target, invocation: id, level: LogLevel.Platform, text });
  const module = new URL("store/engine.ts", import.meta.url);
  const commit = new LazyCommit(() => openGroupCommit<EventOperations>({ file, module, onFailure }));
  closing.defer(() => commit.close());
  const runner = new Runner({ commit, performers, clock, chance: Math.random, most: maxRunning, resultBytes, tell, onFailure });
  closing.defer(() => runner.close(config.graceMs));
  closing.defer(
    clock.every(FORGET_MS, () => {
      if (commit.isOpen) forget(commit, clock.wall() - keepDays * DAY_MS, keep).catch(onFailure);
    }),
  );
  closing.defer(
    events.listen({
      "app-removed": ({ app }) => {
        if (commit.isOpen) removeAll(commit, app).catch(onFailure);
      },
    }),
  );
  const most = { events: maxWaiting, bytes: maxWaitingMb * 2 ** 20 };
  const now = () => clock.wall();
  const over = eventsOver(commit, runner, most, now);
  const triggerClock = new TriggerClock({ commit, runner, compose, most, clock, chance: Math.random, onFailure });
  closing.defer(() => triggerClock.close());
  const triggers = triggersOver({ commit, runner, triggerClock, most, now, chance: Math.random });
  const haveFile = () => existsSync(file);
  return {
    events: over,
    triggers,
    haveFile,
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
