/**
 * Who gets the events of a bus: rules that are enabled, and triggers of the tenant's apps that are not paused.
 *
 * Owns: what is known of them, with patterns that have been read, so that an event costs no look at the disk.
 * 1. What is known is forgotten with any change of rules and triggers, so that the event after a change sees it.
 */
import type { GroupCommit } from "../../store/group-commit/group-commit.ts";
import { matches } from "../../patterns/matches.ts";
import type { Pattern } from "../../patterns/pattern.ts";
import { readPattern } from "../../patterns/read-pattern.ts";
import type { EventOperations } from "../store/engine.ts";
import type { StoredTrigger } from "../triggers/trigger.ts";
import type { BusEvent, StoredRule } from "./bus.ts";

export interface Listeners {
  rules: { pattern: Pattern; rule: StoredRule }[];
  triggers: { pattern: Pattern; trigger: StoredTrigger }[];
}

export interface ListenersNeeds {
  commit: GroupCommit<EventOperations>;
  /** The id of an app's tenant; undefined: the app is gone. */
  tenantOf: (app: string) => string | undefined;
  /** Which bus a trigger of a manifest listens to, and the JSON of its pattern. */
  listening: (trigger: StoredTrigger) => { bus: string; pattern: string };
}

/** Buses of which the listeners are kept. */
const MOST_KEPT = 1_000;

export class KnownListeners {
  readonly #needs: ListenersNeeds;
  readonly #kept = new Map<string, Listeners | null>();
  #changes = 0;

  constructor(needs: ListenersNeeds) {
    this.#needs = needs;
  }

  forget(): void {
    this.#changes += 1;
    this.#kept.clear();
  }

  /** Null: there is no such bus. */
  async of(tenant: string, bus: string): Promise<Listeners | null> {
    const key = `${tenant} ${bus}`;
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const changes = this.#changes;
    const found = await this.#read(tenant, bus);
    if (changes !== this.#changes) return found;
    if (this.#kept.size >= MOST_KEPT) this.#kept.clear();
    this.#kept.set(key, found);
    return found;
  }

  async #read(tenant: string, bus: string): Promise<Listeners | null> {
    const { commit, tenantOf, listening } = this.#needs;
    const [rules, all] = await Promise.all([commit.run("rulesOf", { tenant, bus }), commit.run("busTriggers", null)]);
    if (rules === null) return null;
    return {
      rules: rules.flatMap((rule) => (rule.isEnabled && rule.pattern !== null ? [{ pattern: readPattern(rule.pattern), rule }] : [])),
      triggers: all.flatMap((trigger) => {
        const { bus: wanted, pattern } = listening(trigger);
        const isMeant = !trigger.isPaused && wanted === bus && tenantOf(trigger.app) === tenant;
        return isMeant ? [{ pattern: readPattern(pattern), trigger }] : [];
      }),
    };
  }
}

/** Those of the listeners whose pattern the event fits. */
export function wanting({ rules, triggers }: Listeners, event: BusEvent): { rules: StoredRule[]; triggers: StoredTrigger[] } {
  return {
    rules: rules.flatMap(({ pattern, rule }) => (matches(pattern, event) ? [rule] : [])),
    triggers: triggers.flatMap(({ pattern, trigger }) => (matches(pattern, event) ? [trigger] : [])),
  };
}
