import { Work } from "../../patterns/work.ts";
import type { GroupCommit } from "../../store/group-commit/group-commit.ts";
import type { EventOperations } from "../store/engine.ts";
import { firstFiring } from "../triggers/plan-firing.ts";
import type { TriggerClock } from "../triggers/trigger-clock.ts";
import type { StoredTrigger, Timing } from "../triggers/trigger.ts";
import { type Bus, DEFAULT_BUS, type RuleRef } from "./bus.ts";
import type { Buses, Published } from "./buses.ts";
import { createLines } from "./lines.ts";
import type { KnownListeners } from "./listeners.ts";
import { countOf, startAll, type StartNeeds, wantedBy } from "./start-all.ts";

export type Deliver = StartNeeds["deliver"];

export interface BusesNeeds extends StartNeeds {
  triggerClock: Pick<TriggerClock, "expect">;
  listeners: KnownListeners;
  /** 0 to 1. */
  chance: () => number;
}

/** The buses of a file. */
export function busesOver(needs: BusesNeeds): Buses {
  const { commit, triggerClock, listeners, limits, now, chance } = needs;
  const firstOf = (timing: Timing | undefined, at: number) => (timing === undefined ? null : firstFiring(timing, at, at, chance()));
  const expect = (next: ReturnType<typeof firstOf>) => {
    if (next !== null) triggerClock.expect(next.firesAt);
  };
  /** Whatever a tenant changes, its next event is to see it. */
  const changing = async <T>(tenant: string, change: Promise<T>): Promise<T> => {
    try {
      return await change;
    } finally {
      listeners.forget(tenant);
    }
  };
  const inLine = createLines();
  return {
    async list(tenant) {
      const all = await commit.run("buses", { tenant });
      if (all.some(({ name }) => name === DEFAULT_BUS)) return all;
      return [...all, usualBus(tenant)].toSorted((one, other) => (one.name < other.name ? -1 : 1));
    },
    create: (bus) => changing(bus.tenant, commit.run("createBus", { bus, now: now(), most: limits })),
    change: (tenant, name, changes) => commit.run("changeBus", { tenant, name, now: now(), ...changes }),
    remove: (tenant, name) => changing(tenant, commit.run("removeBus", { tenant, name })),
    rules: (tenant, bus) => commit.run("rulesOf", { tenant, bus }),
    async putRule(rule, timing) {
      const at = now();
      const next = firstOf(timing, at);
      const { name } = rule;
      const trigger = timing === undefined ? null : { name, target: "", kind: "schedule" as const, timing, definition: null, next };
      const outcome = await changing(rule.tenant, commit.run("putRule", { rule, trigger, now: at, most: limits }));
      expect(next);
      return outcome;
    },
    tagRule: (ref, tags) => commit.run("tagRule", { ...ref, tags }),
    async enableRule(ref, isEnabled) {
      const trigger = isEnabled ? await triggerOf(commit, ref) : null;
      const next = trigger?.timing === undefined ? null : firstFiring(trigger.timing, trigger.anchor, now(), chance());
      const outcome = await changing(ref.tenant, commit.run("enableRule", { ...ref, isEnabled, next }));
      expect(next);
      return outcome;
    },
    removeRule: (ref) => changing(ref.tenant, commit.run("removeRule", ref)),
    putTargets: (ref, targets) => changing(ref.tenant, commit.run("putTargets", { ...ref, targets, most: limits })),
    removeTargets: (ref, ids) => changing(ref.tenant, commit.run("removeTargets", { ...ref, ids })),
    async publish(tenant, events) {
      const found = await Promise.all(events.map(({ bus }) => listeners.of(tenant, bus)));
      const work = new Work();
      const wanted = found.map((each, at) => wantedBy(each, events[at]!.event, work));
      const count = wanted.reduce((sum, each) => sum + (typeof each === "string" ? 0 : countOf(each)), 0);
      const start = () => startAll(needs, tenant, events, wanted);
      const refused = await (count > MOST_AT_ONCE ? inLine(tenant, start) : start());
      return refused.map((why, at) => outcomeOf(found[at] !== null, why));
    },
    async removeTenant(tenant) {
      await commit.run("removeBusesOf", { tenant });
      await commit.run("removeGroupsOf", { tenant });
      await changing(tenant, commit.run("removeTriggersOf", { app: tenant }));
    },
  };
}

/** Of events that calls start. Calls that start more, of one tenant, are met one after the other, so that another tenant's waits for one of them at most. */
const MOST_AT_ONCE = 50;

function outcomeOf(isThere: boolean, why: string | null): Published {
  if (!isThere) return { is: "no-bus" };
  return why === null ? { is: "done" } : { is: "refused", why };
}

function usualBus(tenant: string): Bus {
  return { tenant, name: DEFAULT_BUS, description: null, tags: {}, createdAt: 0, changedAt: 0 };
}

async function triggerOf(commit: GroupCommit<EventOperations>, { tenant, bus, name }: RuleRef): Promise<StoredTrigger | null> {
  return bus === DEFAULT_BUS ? commit.run("findTrigger", { app: tenant, owner: "rule", name }) : null;
}
