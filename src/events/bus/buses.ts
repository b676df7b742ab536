/**
 * The event buses of tenants: whoever publishes an event need not know who handles it. An event goes to the targets of all rules whose pattern it fits, and to the triggers of
 * the tenant's apps that ask for it.
 *
 * 1. publish() resolves when what the event starts is on the disk: an event for each target that it goes to. From then on it is repeated as every event is.
 * 2. An event goes to all of its targets, or it is refused and goes to none.
 */
import type { TraceContext } from "../../wire/host-end.ts";
import type { Timing } from "../triggers/trigger.ts";
import type { Bus, BusEvent, NewBus, NewRule, RuleRef, StoredRule, Target } from "./bus.ts";

export interface Buses {
  /** By name, the default bus among them. */
  list(tenant: string): Promise<Bus[]>;
  create(bus: NewBus): Promise<"done" | "exists" | "too-many">;
  /** Absent members stay as they are. */
  change(tenant: string, name: string, changes: Partial<Pick<Bus, "description" | "tags">>): Promise<"done" | "absent">;
  remove(tenant: string, name: string): Promise<"done" | "absent" | "has-rules">;
  /** By name, with their targets; null: there is no such bus. */
  rules(tenant: string, bus: string): Promise<readonly StoredRule[] | null>;
  /** Adds a rule, or changes it: its targets stay, and its tags. @param timing of a rule with a schedule */
  putRule(rule: NewRule, timing: Timing | undefined): Promise<"done" | "no-bus" | "too-many">;
  tagRule(ref: RuleRef, tags: Readonly<Record<string, string>>): Promise<"done" | "absent">;
  enableRule(ref: RuleRef, isEnabled: boolean): Promise<"done" | "absent">;
  removeRule(ref: RuleRef): Promise<"done" | "absent" | "has-targets">;
  /** Adds targets, or changes those that have the same id. */
  putTargets(ref: RuleRef, targets: readonly Target[]): Promise<"done" | "absent" | "too-many">;
  /** Returns the ids that the rule had; null: there is no such rule. */
  removeTargets(ref: RuleRef, ids: readonly string[]): Promise<readonly string[] | null>;
  /** Rejects with "store-busy", "disk-full" and their like: then nothing was published. */
  publish(tenant: string, events: readonly Publication[]): Promise<Published[]>;
  /** Forgets what the tenant has. */
  removeTenant(tenant: string): Promise<void>;
}

export interface Publication {
  bus: string;
  event: BusEvent;
  /** What the publisher belongs to, and what the event starts; undefined: nothing that is known. */
  trace?: TraceContext | undefined;
}

/** `refused`: one of those who would handle the event has too many waiting, and the text says so. */
export type Published = { is: "done" } | { is: "no-bus" } | { is: "refused"; why: string };
