import { TooMuchWork, Work } from "../../patterns/work.ts";
import type { GroupCommit } from "../../store/group-commit/group-commit.ts";
import type { NewEvent } from "../event.ts";
import type { Runner } from "../runner.ts";
import type { WaitingLimits } from "../store/accept.ts";
import type { EventOperations } from "../store/engine.ts";
import { firstFiring } from "../triggers/plan-firing.ts";
import type { TriggerClock } from "../triggers/trigger-clock.ts";
import type { StoredTrigger, Timing } from "../triggers/trigger.ts";
import { type Bus, type BusEvent, type BusLimits, DEFAULT_BUS, type RuleRef, type Target } from "./bus.ts";
import type { Buses, Publication, Published } from "./buses.ts";
import { type KnownListeners, type Listeners, wanting } from "./listeners.ts";
import type { Delivered } from "./store/operations.ts";

/** What goes to a target of a rule. Throws an error, if it cannot be made: then nothing goes there. */
export type Deliver = (rule: RuleRef, target: Target, event: BusEvent) => NewEvent;

export interface BusesNeeds {
  commit: GroupCommit<EventOperations>;
  runner: Pick<Runner, "accepted">;
  triggerClock: Pick<TriggerClock, "expect">;
  listeners: KnownListeners;
  deliver: Deliver;
  /** The event of a trigger of a manifest. Throws as Deliver does. */
  start: (trigger: StoredTrigger, event: BusEvent) => NewEvent;
  limits: BusLimits;
  most: WaitingLimits;
  /** Wall clock, ms. */
  now: () => number;
  /** 0 to 1. */
  chance: () => number;
  /** Called with why an event does not go where it should: its function is gone, for example. */
  undelivered: (what: { tenant: string; bus: string; to: string }, error: unknown) => void;
}

/** The buses of a file. */
export function busesOver(needs: BusesNeeds): Buses {
  const { commit, runner, triggerClock, listeners, limits, most, now, chance } = needs;
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
      const room: Room = { work: new Work(), bytes: limits.startedBytes };
      const all = found.map((each, at) => (each === null ? NOTHING : startedBy(needs, tenant, events[at]!, each, room)));
      const started = all.map((each) => (typeof each === "string" ? NOTHING : each));
      const outcomes = (refused: readonly (string | null)[]) =>
        all.map((each, at) => outcomeOf(found[at] !== null, typeof each === "string" ? each : (refused[at] ?? null)));
      if (started.every(({ events: some }) => some.length === 0)) return outcomes([]);
      const at = now();
      const { accepted, refused } = await commit.run("publish", { all: started, now: at, most }, limits.startedBytes - room.bytes);
      for (const { lane, to, dueAt } of accepted) runner.accepted(lane, to, dueAt);
      return outcomes(refused);
    },
    async removeTenant(tenant) {
      await commit.run("removeBusesOf", { tenant });
      await commit.run("removeGroupsOf", { tenant });
      await changing(tenant, commit.run("removeTriggersOf", { app: tenant }));
    },
  };
}

const NOTHING: Delivered = { events: [], triggers: [] };
/** What an event counts besides its payload. */
const EVENT_BYTES = 4_096;

/** What is left for the events of one call. */
interface Room {
  work: Work;
  bytes: number;
}

/** What an event starts, or why it is refused. */
function startedBy(needs: BusesNeeds, tenant: string, publication: Publication, listeners: Listeners, room: Room): Delivered | string {
  try {
    return deliveredTo(needs, tenant, publication, wanting(listeners, publication.event, room.work), room);
  } catch (error) {
    if (error instanceof TooMuchWork) return `${error.message}: fewer or simpler patterns are needed`;
    if (error instanceof TooLarge) return error.message;
    throw error;
  }
}

class TooLarge extends Error {
  constructor(most: number) {
    super(`what the event starts, with the events before it in the request, is more than ${most} bytes`);
  }
}

/** Throws TooLarge. */
function deliveredTo(
  { deliver, start, undelivered, limits }: BusesNeeds,
  tenant: string,
  { bus, event }: Publication,
  { rules, triggers }: ReturnType<typeof wanting>,
  room: Room,
): Delivered {
  const delivered: Delivered = { events: [], triggers: [] };
  let left = room.bytes;
  const add = (to: string, trigger: number | null, make: () => NewEvent) => {
    const made = orUndefined(make, (error) => undelivered({ tenant, bus, to }, error));
    if (made === undefined) return;
    left -= made.payload.length + EVENT_BYTES;
    if (left < 0) throw new TooLarge(limits.startedBytes);
    delivered.events.push(made);
    delivered.triggers.push(trigger);
  };
  for (const rule of rules) for (const target of rule.targets) add(target.arn, null, () => deliver(rule, target, event));
  for (const trigger of triggers) add(trigger.name, trigger.trigger, () => start(trigger, event));
  room.bytes = left;
  return delivered;
}

function orUndefined<T>(make: () => T, failed: (error: unknown) => void): T | undefined {
  try {
    return make();
  } catch (error) {
    failed(error);
    return undefined;
  }
}

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
