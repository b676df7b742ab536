/** Schedules that a tenant keeps by name, in groups, apart from its apps. Times are wall clock, in milliseconds since the epoch; `tenant` is an id. */
import type { Timing } from "../triggers/trigger.ts";

/** Every tenant has a group of this name; it is made and removed by nobody. */
export const DEFAULT_GROUP = "default";

export interface ScheduleGroup {
  name: string;
  tags: Record<string, string>;
  createdAt: number;
  changedAt: number;
}

/** Names a schedule. */
export interface ScheduleRef {
  tenant: string;
  group: string;
  name: string;
}

export interface NewSchedule {
  timing: Timing;
  isEnabled: boolean;
  /** JSON: what the door that took it needs to start its target, and to show it again. */
  definition: unknown;
  /** Whoever makes it again with the same token has made it. */
  token: string | null;
}

export interface StoredSchedule {
  group: string;
  name: string;
  isEnabled: boolean;
  definition: unknown;
  createdAt: number;
  changedAt: number;
}

/** What the trigger of a schedule has as its definition. */
export interface ScheduleDefinition {
  own: unknown;
  token: string | null;
  createdAt: number;
  changedAt: number;
}

/** What a tenant may have. */
export interface ScheduleLimits {
  groups: number;
  schedules: number;
  /** Of their definitions together; one may go beyond it. */
  bytes: number;
}
