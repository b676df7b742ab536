/** The operations on event buses, in the thread of the events' file. */
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { MayflyError } from "../../../base/errors/error.ts";
import type { NewEvent } from "../../event.ts";
import type { acceptOperations, WaitingLimits } from "../../store/accept.ts";
import type { PlannedTrigger, triggerOperations } from "../../triggers/store/operations.ts";
import {
  type Bus,
  type BusLimits,
  DEFAULT_BUS,
  type NewBus,
  type NewRule,
  type Rule,
  type RuleDefinition,
  type RuleRef,
  type StoredRule,
  type Target,
} from "../bus.ts";

/** What one published event starts: all of it is accepted, or nothing. */
export interface Delivered {
  events: NewEvent[];
  /** The numbers of the triggers that the events are of; null: it is of a rule. */
  triggers: (number | null)[];
}

export interface Taken {
  /** The lanes of new events, with their numbers. */
  accepted: { id: string; lane: number; to: NewEvent["lane"]; dueAt: number }[];
  /** For each published event: why it was refused; null: it was taken. */
  refused: (string | null)[];
}

type Row = Record<string, SQLOutputValue>;

export function busOperations(
  db: DatabaseSync,
  { accept }: Pick<ReturnType<typeof acceptOperations>, "accept">,
  triggers: Pick<ReturnType<typeof triggerOperations>, "putTrigger" | "removeTrigger" | "findTrigger" | "pauseTrigger" | "noteRun">,
) {
  const busesOf = db.prepare("SELECT * FROM buses WHERE tenant = ? ORDER BY name");
  const findBus = db.prepare("SELECT * FROM buses WHERE tenant = ? AND name = ?");
  const insertBus = db.prepare("INSERT INTO buses VALUES (?, ?, ?, ?, ?, ?)");
  const changeBus = db.prepare("UPDATE buses SET description = ?, tags = ?, changed_at = ? WHERE tenant = ? AND name = ?");
  const removeBus = db.prepare("DELETE FROM buses WHERE tenant = ? AND name = ?");
  const rulesOf = db.prepare("SELECT * FROM rules WHERE tenant = ? AND bus = ? ORDER BY name");
  const countRules = db.prepare("SELECT count(*) AS count, sum(bus = ?) AS of_bus FROM rules WHERE tenant = ?");
  const findRule = db.prepare("SELECT * FROM rules WHERE tenant = ? AND bus = ? AND name = ?");
  const insertRule = db.prepare(
    "INSERT INTO rules (tenant, bus, name, pattern, schedule, enabled, description, role, tags, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const changeRule = db.prepare("UPDATE rules SET pattern = ?, schedule = ?, enabled = ?, description = ?, role = ? WHERE rule = ?");
  const enableRule = db.prepare("UPDATE rules SET enabled = ? WHERE rule = ?");
  const tagRule = db.prepare("UPDATE rules SET tags = ? WHERE rule = ?");
  const removeRule = db.prepare("DELETE FROM rules WHERE rule = ?");
  const targetsOf = db.prepare("SELECT * FROM targets WHERE rule = ? ORDER BY id");
  const putTarget = db.prepare("INSERT OR REPLACE INTO targets VALUES (?, ?, ?, ?)");
  const removeTarget = db.prepare("DELETE FROM targets WHERE rule = ? AND id = ?");
  const setDefinition = db.prepare("UPDATE triggers SET definition = ? WHERE app = ? AND owner = 'rule' AND name = ?");

  const isThere = (tenant: string, bus: string) => bus === DEFAULT_BUS || findBus.get(tenant, bus) !== undefined;
  const targetsIn = (rule: Row): Target[] => targetsOf.all(rule["rule"]!).map(readTarget);
  const ruleOf = ({ tenant, bus, name }: RuleRef): Row | undefined => findRule.get(tenant, bus, name);

  /** The trigger of a rule with a schedule has the targets with it, so that it fires without a look at the rule. */
  function tellTrigger({ tenant, name }: RuleRef, rule: Row): void {
    const definition: RuleDefinition = { rule: name, targets: targetsIn(rule) };
    setDefinition.run(JSON.stringify(definition), tenant, name);
  }

  function pause({ tenant, name }: RuleRef, isPaused: boolean, next: PlannedTrigger["next"]): void {
    const trigger = triggers.findTrigger({ app: tenant, owner: "rule", name });
    if (trigger !== null) triggers.pauseTrigger({ trigger: trigger.trigger, isPaused, next });
  }

  return {
    buses: ({ tenant }: { tenant: string }): Bus[] => busesOf.all(tenant).map(readBus),
    createBus({ bus, now, most }: { bus: NewBus; now: number; most: BusLimits }): "done" | "exists" | "too-many" {
      const { tenant, name, description, tags } = bus;
      if (isThere(tenant, name)) return "exists";
      if (busesOf.all(tenant).length >= most.buses) return "too-many";
      insertBus.run(tenant, name, description, JSON.stringify(tags), now, now);
      return "done";
    },
    /** The default bus has no row before something is said of it. */
    changeBus({ tenant, name, now, ...given }: Partial<Pick<Bus, "description" | "tags">> & { tenant: string; name: string; now: number }) {
      if (!isThere(tenant, name)) return "absent";
      if (findBus.get(tenant, name) === undefined) insertBus.run(tenant, name, null, "{}", now, now);
      const { description, tags } = { ...readBus(findBus.get(tenant, name)!), ...given };
      changeBus.run(description, JSON.stringify(tags), now, tenant, name);
      return "done";
    },
    removeBus({ tenant, name }: { tenant: string; name: string }): "done" | "absent" | "has-rules" {
      if (findBus.get(tenant, name) === undefined) return "absent";
      if (rulesOf.get(tenant, name) !== undefined) return "has-rules";
      removeBus.run(tenant, name);
      return "done";
    },
    rulesOf({ tenant, bus }: { tenant: string; bus: string }): StoredRule[] | null {
      if (!isThere(tenant, bus)) return null;
      return rulesOf.all(tenant, bus).map((row) => Object.assign(readRule(row), { targets: targetsIn(row) }));
    },
    /** @param trigger of a rule with a schedule; its `definition` is filled in here */
    putRule({ rule, trigger, now, most }: { rule: NewRule; trigger: PlannedTrigger | null; now: number; most: BusLimits }) {
      const { tenant, bus, name, pattern, schedule, isEnabled, description, role, tags } = rule;
      if (!isThere(tenant, bus)) return "no-bus";
      const known = ruleOf(rule);
      if (known !== undefined) changeRule.run(pattern, schedule, Number(isEnabled), description, role, known["rule"]!);
      else {
        const count = countRules.get(bus, tenant)!;
        if (Number(count["of_bus"]) >= most.rulesOfBus || Number(count["count"]) >= most.rules) return "too-many";
        insertRule.run(tenant, bus, name, pattern, schedule, Number(isEnabled), description, role, JSON.stringify(tags), now);
      }
      if (bus !== DEFAULT_BUS) return "done";
      if (trigger === null) triggers.removeTrigger({ app: tenant, owner: "rule", name });
      else {
        triggers.putTrigger({ app: tenant, owner: "rule", trigger: { ...trigger, isPaused: !isEnabled }, now });
        tellTrigger(rule, ruleOf(rule)!);
      }
      return "done";
    },
    tagRule({ tags, ...ref }: RuleRef & { tags: Readonly<Record<string, string>> }): "done" | "absent" {
      const row = ruleOf(ref);
      if (row !== undefined) tagRule.run(JSON.stringify(tags), row["rule"]!);
      return row === undefined ? "absent" : "done";
    },
    /** @param next of a rule with a schedule: its first time from now on */
    enableRule({ isEnabled, next, ...ref }: RuleRef & { isEnabled: boolean; next: PlannedTrigger["next"] }): "done" | "absent" {
      const row = ruleOf(ref);
      if (row === undefined) return "absent";
      enableRule.run(Number(isEnabled), row["rule"]!);
      if (ref.bus === DEFAULT_BUS) pause(ref, !isEnabled, next);
      return "done";
    },
    removeRule(ref: RuleRef): "done" | "absent" | "has-targets" {
      const row = ruleOf(ref);
      if (row === undefined) return "absent";
      if (targetsOf.get(row["rule"]!) !== undefined) return "has-targets";
      removeRule.run(row["rule"]!);
      if (ref.bus === DEFAULT_BUS) triggers.removeTrigger({ app: ref.tenant, owner: "rule", name: ref.name });
      return "done";
    },
    putTargets({ targets, most, ...ref }: RuleRef & { targets: readonly Target[]; most: BusLimits }): "done" | "absent" | "too-many" {
      const row = ruleOf(ref);
      if (row === undefined) return "absent";
      const ids = new Set([...targetsIn(row), ...targets].map(({ id }) => id));
      if (ids.size > most.targetsOfRule) return "too-many";
      for (const { id, arn, definition } of targets) putTarget.run(row["rule"]!, id, arn, JSON.stringify(definition));
      tellTrigger(ref, row);
      return "done";
    },
    removeTargets({ ids, ...ref }: RuleRef & { ids: readonly string[] }): string[] | null {
      const row = ruleOf(ref);
      if (row === undefined) return null;
      const removed = ids.filter((id) => Number(removeTarget.run(row["rule"]!, id).changes) > 0);
      tellTrigger(ref, row);
      return removed;
    },
    /** Accepts what published events start: of each of them all, or nothing. */
    publish({ all, now, most }: { all: Delivered[]; now: number; most: WaitingLimits }): Taken {
      const taken: Taken = { accepted: [], refused: [] };
      for (const { events, triggers: numbers } of all) {
        db.exec("SAVEPOINT published");
        try {
          const accepted: Taken["accepted"] = [];
          for (const [at, event] of events.entries()) {
            const { lane, id, isNew } = accept({ event, now, most });
            if (isNew) accepted.push({ id, lane, to: event.lane, dueAt: event.dueAt ?? now });
            const trigger = numbers[at];
            if (trigger != null) triggers.noteRun({ trigger, id, now });
          }
          db.exec("RELEASE published");
          taken.accepted.push(...accepted);
          taken.refused.push(null);
        } catch (error) {
          if (!(error instanceof MayflyError) || !db.isTransaction) throw error;
          db.exec("ROLLBACK TO published; RELEASE published");
          taken.refused.push(error.message);
        }
      }
      return taken;
    },
    /** Whose rules, schedules and buses there are, and which apps have events or triggers. Ids. */
    holders(): { tenants: string[]; apps: string[] } {
      const tenants = db.prepare(
        "SELECT tenant AS id FROM buses UNION SELECT tenant FROM rules UNION SELECT tenant FROM schedule_groups UNION SELECT app FROM triggers WHERE owner <> 'manifest'",
      );
      const apps = db.prepare("SELECT app AS id FROM lanes UNION SELECT app FROM trigger_apps");
      return { tenants: tenants.all().map(({ id }) => String(id)), apps: apps.all().map(({ id }) => String(id)) };
    },
    removeBusesOf({ tenant }: { tenant: string }): void {
      db.prepare("DELETE FROM targets WHERE rule IN (SELECT rule FROM rules WHERE tenant = ?)").run(tenant);
      for (const table of ["rules", "buses"]) db.prepare(`DELETE FROM ${table} WHERE tenant = ?`).run(tenant);
    },
  };
}

function readBus(row: Row): Bus {
  return {
    tenant: String(row["tenant"]),
    name: String(row["name"]),
    description: textOf(row["description"]),
    tags: JSON.parse(String(row["tags"])) as Bus["tags"],
    createdAt: Number(row["created_at"]),
    changedAt: Number(row["changed_at"]),
  };
}

function readRule(row: Row): Rule {
  return {
    tenant: String(row["tenant"]),
    bus: String(row["bus"]),
    name: String(row["name"]),
    pattern: textOf(row["pattern"]),
    schedule: textOf(row["schedule"]),
    isEnabled: row["enabled"] === 1,
    description: textOf(row["description"]),
    role: textOf(row["role"]),
    tags: JSON.parse(String(row["tags"])) as Rule["tags"],
    createdAt: Number(row["created_at"]),
  };
}

function readTarget(row: Row): Target {
  return { id: String(row["id"]), arn: String(row["arn"]), definition: JSON.parse(String(row["definition"])) as unknown };
}

function textOf(value: SQLOutputValue | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}
