/**
 * Who gets the events of a bus: rules that are enabled, and triggers of the tenant's apps that are not paused.
 *
 * Owns: what is known of them, with patterns that have been read, so that an event costs no look at the disk.
 * 1. What is known of a tenant is forgotten with any change of its rules and triggers, so that the event after a change sees it. What others change costs its events nothing.
 */
import type { GroupCommit } from "../../store/group-commit/group-commit.ts";
import { matches } from "../../patterns/matches.ts";
import type { Pattern } from "../../patterns/pattern.ts";
import type { Work } from "../../patterns/work.ts";
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

interface Kept {
  tenant: string;
  listeners: Listeners | null;
}

/** A look at the disk that is under way. */
interface Look {
  tenant: string;
  /** Whether something has changed since it was begun. */
  isOld: boolean;
}

export class KnownListeners {
  readonly #needs: ListenersNeeds;
  readonly #kept = new Map<string, Kept>();
  readonly #looks = new Set<Look>();

  constructor(needs: ListenersNeeds) {
    this.#needs = needs;
  }

  /** @param tenant its id; undefined: of whom it is is not known, as the app is gone */
  forget(tenant: string | undefined): void {
    const isMeant = (of: { tenant: string }) => tenant === undefined || of.tenant === tenant;
    for (const look of this.#looks) if (isMeant(look)) look.isOld = true;
    for (const [key, kept] of this.#kept) if (isMeant(kept)) this.#kept.delete(key);
  }

  /** Null: there is no such bus. */
  async of(tenant: string, bus: string): Promise<Listeners | null> {
    const key = `${tenant} ${bus}`;
    const known = this.#kept.get(key);
    if (known !== undefined) return known.listeners;
    const look: Look = { tenant, isOld: false };
    this.#looks.add(look);
    const found = await this.#read(tenant, bus).finally(() => this.#looks.delete(look));
    if (look.isOld) return found;
    if (this.#kept.size >= MOST_KEPT) this.#kept.clear();
    this.#kept.set(key, { listeners: found, tenant });
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

/** Those of the listeners whose pattern the event fits. Throws TooMuchWork. */
export function wanting({ rules, triggers }: Listeners, event: BusEvent, work: Work): { rules: StoredRule[]; triggers: StoredTrigger[] } {
  return {
    rules: rules.flatMap(({ pattern, rule }) => (matches(pattern, event, work) ? [rule] : [])),
    triggers: triggers.flatMap(({ pattern, trigger }) => (matches(pattern, event, work) ? [trigger] : [])),
  };
}
