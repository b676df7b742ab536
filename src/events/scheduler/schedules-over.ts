import type { GroupCommit } from "../../store/group-commit/group-commit.ts";
import type { EventOperations } from "../store/engine.ts";
import { firstFiring } from "../triggers/plan-firing.ts";
import type { TriggerClock } from "../triggers/trigger-clock.ts";
import { DEFAULT_GROUP, type NewSchedule, type ScheduleLimits, type ScheduleRef } from "./schedule.ts";
import type { Schedules } from "./schedules.ts";

export interface SchedulesNeeds {
  commit: GroupCommit<EventOperations>;
  triggerClock: Pick<TriggerClock, "expect">;
  limits: ScheduleLimits;
  /** Wall clock, ms. */
  now: () => number;
  /** 0 to 1. */
  chance: () => number;
}

/** The schedules of a file. */
export function schedulesOver({ commit, triggerClock, limits, now, chance }: SchedulesNeeds): Schedules {
  async function put<T>(operation: "createSchedule" | "changeSchedule", ref: ScheduleRef, schedule: NewSchedule): Promise<T> {
    const at = now();
    const next = firstFiring(schedule.timing, at, at, chance());
    const outcome = (await commit.run(operation, { ...ref, schedule, next, now: at, most: limits })) as T;
    if (next !== null && schedule.isEnabled) triggerClock.expect(next.firesAt);
    return outcome;
  }
  return {
    async groups(tenant) {
      const all = await commit.run("scheduleGroups", { tenant });
      if (all.some(({ name }) => name === DEFAULT_GROUP)) return all;
      const usual = { name: DEFAULT_GROUP, tags: {}, createdAt: 0, changedAt: 0 };
      return [...all, usual].toSorted((one, other) => (one.name < other.name ? -1 : 1));
    },
    createGroup: (tenant, name, tags) => commit.run("createGroup", { tenant, name, tags, now: now(), most: limits }),
    tagGroup: (tenant, name, tags) => commit.run("tagGroup", { tenant, name, tags, now: now() }),
    removeGroup: (tenant, name) => commit.run("removeGroup", { tenant, name }),
    create: (ref, schedule) => put("createSchedule", ref, schedule),
    change: (ref, schedule) => put("changeSchedule", ref, schedule),
    find: (ref) => commit.run("findSchedule", ref),
    list: (of) => commit.run("listSchedules", of),
    remove: (ref) => commit.run("removeSchedule", ref),
  };
}
