import { MayflyError } from "../base/errors/error.ts";
import type { GroupCommit } from "../store/group-commit/group-commit.ts";
import type { Events } from "./events.ts";
import type { Runner } from "./runner.ts";
import type { WaitingLimits } from "./store/accept.ts";
import type { EventOperations } from "./store/engine.ts";
import { traceEvent, type TracedEvents } from "./traced-events.ts";
import { waitingFor } from "./waiting-for.ts";

/** The events of a file, with the runner that carries them out. @param most what an app may have waiting @param now wall clock, ms */
export function eventsOver(
  commit: GroupCommit<EventOperations>,
  runner: Runner,
  most: WaitingLimits,
  now: () => number,
  traced?: TracedEvents,
): Events {
  const wake = (lanes: readonly number[]) => {
    for (const lane of lanes) runner.wake(lane);
  };
  const refusalOf = async (app: string, id: string, can: { which: string; wanted: string }) => {
    const event = await commit.run("show", { app, id });
    return event === null
      ? new MayflyError("no-such-event", { id })
      : new MayflyError("wrong-event-state", { id, state: event.state, ...can });
  };
  return {
    async accept(given) {
      const at = now();
      const { event, stored } = traceEvent(given, traced);
      const { lane, ...accepted } = await commit.run("accept", { event, now: at, most }, event.payload.length);
      if (!accepted.isNew) return accepted;
      stored(now(), at);
      runner.accepted(lane, event.lane, event.dueAt ?? at);
      return accepted;
    },
    list: (app, which, count, before) => commit.run("list", { app, which, most: count, before }),
    async show(app, id) {
      const found = await commit.run("show", { app, id });
      if (found === null) throw new MayflyError("no-such-event", { id });
      return { ...found, waitsFor: waitingFor(found, runner.look(found.lane)) };
    },
    async explain(app) {
      const fronts = await commit.run("fronts", { app });
      return fronts.map((front) => Object.assign(front, { waitsFor: waitingFor(front, runner.look(front.lane)) }));
    },
    async cancel(app, id) {
      const { found, lanes, dueAt } = await commit.run("cancel", { app, id, now: now() });
      if (!found) throw await refusalOf(app, id, { which: "has not ended", wanted: "cancelled" });
      wake(lanes);
      if (dueAt !== null) runner.ripenAt(dueAt);
    },
    async retry(app, id) {
      const { found, lanes } = await commit.run("hurry", { app, id, now: now() });
      if (!found) throw await refusalOf(app, id, { which: "waits for its time or for its next attempt", wanted: "retried" });
      wake(lanes);
    },
    openByApp: () => commit.run("openByApp", null),
    lanes: (app) => commit.run("counts", { app }),
    async pause(lane, isPaused) {
      const number = await commit.run("laneOf", lane);
      await commit.run("pause", { lane: number, isPaused });
      if (!isPaused) runner.accepted(number, lane, now());
    },
    deadLetters: {
      list: (app, count, before) => commit.run("listDead", { app, most: count, before }),
      async redrive(app, ids) {
        // What is given up meanwhile, perhaps once more, is not meant.
        const upTo = await commit.run("lastDead", { app });
        let sum = 0;
        for (;;) {
          const { count, lanes } = await commit.run("redrive", { app, ids, upTo, now: now() });
          wake(lanes);
          sum += count;
          if (ids !== null || count === 0) return sum;
        }
      },
      async purge(app, ids) {
        const upTo = await commit.run("lastDead", { app });
        let sum = 0;
        for (;;) {
          const count = await commit.run("purgeDead", { app, ids, upTo });
          sum += count;
          if (ids !== null || count === 0) return sum;
        }
      },
    },
  };
}
