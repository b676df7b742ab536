import { MayflyError } from "../../base/errors/error.ts";
import type { GroupCommit } from "../../store/group-commit/group-commit.ts";
import type { Runner } from "../runner.ts";
import type { WaitingLimits } from "../store/accept.ts";
import { traceEvent, type TracedEvents } from "../traced-events.ts";
import type { EventOperations } from "../store/engine.ts";
import { firstFiring } from "./plan-firing.ts";
import type { Accepted } from "../event.ts";
import type { PlannedTrigger, Triggered } from "./store/operations.ts";
import type { TriggerClock } from "./trigger-clock.ts";
import type { StoredTrigger, TriggerDefinition, TriggerOwner } from "./trigger.ts";
import type { Triggers } from "./triggers.ts";

export interface TriggersNeeds {
  commit: GroupCommit<EventOperations>;
  runner: Pick<Runner, "accepted">;
  triggerClock: Pick<TriggerClock, "expect">;
  most: WaitingLimits;
  /** Wall clock, ms. */
  now: () => number;
  /** 0 to 1. */
  chance: () => number;
  /** Left out: traces are not recorded. */
  traced?: TracedEvents | undefined;
  /** Called when triggers of an app were added, changed, paused or removed. */
  changed: (app: string) => void;
}

/** The triggers of a file. */
export function triggersOver({ commit, runner, triggerClock, most, now, chance, traced, changed }: TriggersNeeds): Triggers {
  const planned = (trigger: TriggerDefinition, at: number): PlannedTrigger => ({
    ...trigger,
    next: trigger.timing === undefined ? null : firstFiring(trigger.timing, at, at, chance()),
  });
  const expect = (triggers: readonly Pick<PlannedTrigger, "next">[]) => {
    for (const { next } of triggers) if (next !== null) triggerClock.expect(next.firesAt);
  };
  const find = async (app: string, owner: TriggerOwner, name: string): Promise<StoredTrigger> => {
    const found = await commit.run("findTrigger", { app, owner, name });
    if (found === null) throw new MayflyError("no-such-trigger", { trigger: name });
    return found;
  };
  const triggered = async (what: Omit<Triggered, "now" | "most">): Promise<Accepted[]> => {
    const at = now();
    const all = what.events.map((each) => traceEvent(each, traced));
    const events = all.map(({ event }) => event);
    const bytes = events.reduce((sum, { payload }) => sum + payload.length, 0);
    const accepted = await commit.run("triggered", { ...what, events, now: at, most }, bytes);
    return accepted.map(({ lane, ...each }, index) => {
      const { event, stored } = all[index]!;
      if (!each.isNew) return each;
      stored(now(), at);
      runner.accepted(lane, event.lane, event.dueAt ?? at);
      return each;
    });
  };
  return {
    async takeOver(app, revision, triggers) {
      const at = now();
      const all = triggers.map((trigger) => planned(trigger, at));
      await commit.run("takeOver", { app, revision, triggers: all, now: at });
      changed(app);
      expect(all);
    },
    takenOver: () => commit.run("takenOver", null),
    list: (app, owner) => commit.run("triggersOf", { app, owner }),
    find,
    fire: (app, owner, name, events, byHand = false) => triggered({ app, owner, name, byHand, events }),
    async follow(app, name, events, mark) {
      await triggered({ app, owner: "manifest", name, byHand: false, events, mark });
    },
    pass: (app, name, mark) => commit.run("markTrigger", { app, owner: "manifest", name, mark }),
    async pause(app, owner, name, isPaused) {
      const { trigger, timing, anchor } = await find(app, owner, name);
      const next = isPaused || timing === undefined ? null : firstFiring(timing, anchor, now(), chance());
      await commit.run("pauseTrigger", { trigger, isPaused, next });
      changed(app);
      expect([{ next }]);
    },
  };
}
