/**
 * The schedules of tenants. Each is a trigger, so that it fires as triggers do: never twice for a time, with the event of its time and its next time in one transaction.
 * A schedule whose timing says so is removed when it has fired for the last time.
 */
import type { NewSchedule, ScheduleGroup, ScheduleRef, StoredSchedule } from "./schedule.ts";

export interface Schedules {
  /** By name, the default group among them. */
  groups(tenant: string): Promise<ScheduleGroup[]>;
  createGroup(tenant: string, name: string, tags: Readonly<Record<string, string>>): Promise<"done" | "exists" | "too-many">;
  tagGroup(tenant: string, name: string, tags: Readonly<Record<string, string>>): Promise<"done" | "absent">;
  /** Removes the group and its schedules. */
  removeGroup(tenant: string, name: string): Promise<"done" | "absent">;
  create(ref: ScheduleRef, schedule: NewSchedule): Promise<"done" | "no-group" | "exists" | "too-many">;
  /** One whose timing is as before keeps its next time. */
  change(ref: ScheduleRef, schedule: NewSchedule): Promise<"done" | "absent">;
  find(ref: ScheduleRef): Promise<StoredSchedule | null>;
  /** By group and name. */
  list(of: ListSchedules): Promise<StoredSchedule[]>;
  remove(ref: ScheduleRef): Promise<"done" | "absent">;
}

export interface ListSchedules {
  tenant: string;
  /** Left out: of all groups. */
  group?: string | undefined;
  prefix?: string | undefined;
  isEnabled?: boolean | undefined;
  /** The last one of an earlier page. */
  after?: Pick<ScheduleRef, "group" | "name"> | undefined;
  most: number;
}
