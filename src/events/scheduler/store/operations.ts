/** The operations on schedules of tenants, in the thread of the events' file. */
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { PlannedTrigger, triggerOperations } from "../../triggers/store/operations.ts";
import type { StoredTrigger } from "../../triggers/trigger.ts";
import {
  DEFAULT_GROUP,
  type NewSchedule,
  type ScheduleDefinition,
  type ScheduleGroup,
  type ScheduleLimits,
  type ScheduleRef,
  type StoredSchedule,
} from "../schedule.ts";
import type { ListSchedules } from "../schedules.ts";

export interface PutSchedule extends ScheduleRef {
  schedule: NewSchedule;
  next: PlannedTrigger["next"];
  now: number;
  most: ScheduleLimits;
}

type Row = Record<string, SQLOutputValue>;

/** Names of groups and schedules have no slash. */
const nameOf = ({ group, name }: Pick<ScheduleRef, "group" | "name">) => `${group}/${name}`;
/** Comes after every name that begins with the text before it. */
const LAST = "\uffff";
/** Comes right after that name. */
const next = (name: string) => `${name}\0`;
/** Schedules that are read at once. */
const PART = 200;

export function scheduleOperations(
  db: DatabaseSync,
  triggers: Pick<ReturnType<typeof triggerOperations>, "putTrigger" | "removeTrigger" | "findTrigger" | "triggersFrom">,
) {
  const groupsOf = db.prepare("SELECT * FROM schedule_groups WHERE tenant = ? ORDER BY name");
  const findGroup = db.prepare("SELECT * FROM schedule_groups WHERE tenant = ? AND name = ?");
  const insertGroup = db.prepare("INSERT INTO schedule_groups VALUES (?, ?, ?, ?, ?)");
  const tagGroup = db.prepare("UPDATE schedule_groups SET tags = ?, changed_at = ? WHERE tenant = ? AND name = ?");
  const removeGroup = db.prepare("DELETE FROM schedule_groups WHERE tenant = ? AND name = ?");
  const removeOf = db.prepare("DELETE FROM triggers WHERE app = ? AND owner = 'scheduler' AND name > ? AND name < ?");
  const held = db.prepare("SELECT schedules, bytes FROM schedule_counts WHERE tenant = ?");
  const forgetHeld = db.prepare("DELETE FROM schedule_counts WHERE tenant = ?");

  const isThere = (tenant: string, name: string) => name === DEFAULT_GROUP || findGroup.get(tenant, name) !== undefined;
  const found = (ref: ScheduleRef) => triggers.findTrigger({ app: ref.tenant, owner: "scheduler", name: nameOf(ref) });

  function hasRoom(tenant: string, most: ScheduleLimits): boolean {
    const row = held.get(tenant);
    return Number(row?.["schedules"] ?? 0) < most.schedules && Number(row?.["bytes"] ?? 0) < most.bytes;
  }

  function put(given: PutSchedule, createdAt: number): void {
    const { tenant, schedule, next: first, now } = given;
    const { timing, isEnabled, token } = schedule;
    const definition: ScheduleDefinition = { own: schedule.definition, token, createdAt, changedAt: now };
    const trigger = { name: nameOf(given), target: "", kind: "schedule" as const, timing, definition, next: first, isPaused: !isEnabled };
    triggers.putTrigger({ app: tenant, owner: "scheduler", trigger, now });
  }

  return {
    scheduleGroups: ({ tenant }: { tenant: string }): ScheduleGroup[] => groupsOf.all(tenant).map(readGroup),
    createGroup({ tenant, name, tags, now, most }: Tagged & { now: number; most: ScheduleLimits }): "done" | "exists" | "too-many" {
      if (isThere(tenant, name)) return "exists";
      if (groupsOf.all(tenant).length >= most.groups) return "too-many";
      insertGroup.run(tenant, name, JSON.stringify(tags), now, now);
      return "done";
    },
    tagGroup({ tenant, name, tags, now }: Tagged & { now: number }): "done" | "absent" {
      if (!isThere(tenant, name)) return "absent";
      if (findGroup.get(tenant, name) === undefined) insertGroup.run(tenant, name, "{}", now, now);
      tagGroup.run(JSON.stringify(tags), now, tenant, name);
      return "done";
    },
    removeGroup({ tenant, name }: { tenant: string; name: string }): "done" | "absent" {
      if (findGroup.get(tenant, name) === undefined) return "absent";
      removeOf.run(tenant, `${name}/`, `${name}/${LAST}`);
      removeGroup.run(tenant, name);
      return "done";
    },
    createSchedule(given: PutSchedule): "done" | "no-group" | "exists" | "too-many" {
      const { tenant, group, schedule, now, most } = given;
      if (!isThere(tenant, group)) return "no-group";
      const known = found(given);
      if (known !== null) {
        const { token } = known.definition as ScheduleDefinition;
        return token !== null && token === schedule.token ? "done" : "exists";
      }
      if (!hasRoom(tenant, most)) return "too-many";
      put(given, now);
      return "done";
    },
    changeSchedule(given: PutSchedule): "done" | "absent" {
      const known = found(given);
      if (known === null) return "absent";
      put(given, (known.definition as ScheduleDefinition).createdAt);
      return "done";
    },
    findSchedule(ref: ScheduleRef): StoredSchedule | null {
      const known = found(ref);
      return known === null ? null : readSchedule(known);
    },
    listSchedules({ tenant, group, prefix = "", isEnabled, after, most }: ListSchedules): StoredSchedule[] {
      const begin = group === undefined ? "" : `${group}/${prefix}`;
      const isMeant = ({ name, isEnabled: is }: StoredSchedule) => name.startsWith(prefix) && (isEnabled === undefined || isEnabled === is);
      let from = after === undefined ? begin : next(nameOf(after));
      const schedules: StoredSchedule[] = [];
      while (schedules.length < most) {
        const part = triggers.triggersFrom({ app: tenant, owner: "scheduler", from, end: `${begin}${LAST}`, most: PART });
        schedules.push(...part.map(readSchedule).filter(isMeant));
        if (part.length < PART) break;
        from = next(part.at(-1)!.name);
      }
      return schedules.slice(0, most);
    },
    removeSchedule(ref: ScheduleRef): "done" | "absent" {
      return triggers.removeTrigger({ app: ref.tenant, owner: "scheduler", name: nameOf(ref) }) ? "done" : "absent";
    },
    removeGroupsOf({ tenant }: { tenant: string }): void {
      db.prepare("DELETE FROM schedule_groups WHERE tenant = ?").run(tenant);
      removeOf.run(tenant, "", LAST);
      forgetHeld.run(tenant);
    },
  };
}

interface Tagged {
  tenant: string;
  name: string;
  tags: Readonly<Record<string, string>>;
}

function readGroup(row: Row): ScheduleGroup {
  return {
    name: String(row["name"]),
    tags: JSON.parse(String(row["tags"])) as ScheduleGroup["tags"],
    createdAt: Number(row["created_at"]),
    changedAt: Number(row["changed_at"]),
  };
}

function readSchedule({ name, definition, isPaused }: StoredTrigger): StoredSchedule {
  const slash = name.indexOf("/");
  const { own, createdAt, changedAt } = definition as ScheduleDefinition;
  return { group: name.slice(0, slash), name: name.slice(slash + 1), isEnabled: !isPaused, definition: own, createdAt, changedAt };
}
