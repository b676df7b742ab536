/** What a tenant's event buses are, as data. Times are wall clock, in milliseconds since the epoch; `tenant` is an id. */

/** Every tenant has one of this name; it is made and removed by nobody. */
export const DEFAULT_BUS = "default";

export interface Bus {
  tenant: string;
  name: string;
  description: string | null;
  tags: Record<string, string>;
  createdAt: number;
  changedAt: number;
}

export type NewBus = Pick<Bus, "tenant" | "name" | "description" | "tags">;

/** Names a rule. */
export interface RuleRef {
  tenant: string;
  bus: string;
  name: string;
}

/** What becomes of events that fit a pattern, or of times. */
export interface Rule extends RuleRef {
  /** JSON of an event pattern; null: the rule takes no events of its bus. */
  pattern: string | null;
  /** As its owner wrote it; null: the rule has no times. */
  schedule: string | null;
  isEnabled: boolean;
  description: string | null;
  /** Kept and shown again. Nothing here reads it. */
  role: string | null;
  tags: Record<string, string>;
  createdAt: number;
}

export type NewRule = Omit<Rule, "createdAt">;

/** Where events of a rule go. */
export interface Target {
  /** Unique in its rule. */
  id: string;
  arn: string;
  /** JSON: what the door that took the target has to say of it. */
  definition: unknown;
}

export interface StoredRule extends Rule {
  targets: Target[];
}

/** What a rule with a schedule starts, as its trigger keeps it. */
export interface RuleDefinition {
  rule: string;
  targets: Target[];
}

/** An event as its rules see it and targets get it. */
export interface BusEvent {
  version: "0";
  id: string;
  "detail-type": string;
  source: string;
  account: string;
  /** ISO 8601, in whole seconds. */
  time: string;
  region: string;
  resources: string[];
  detail: unknown;
}

/** What a tenant may have. */
export interface BusLimits {
  buses: number;
  rulesOfBus: number;
  /** Of all its buses. */
  rules: number;
  targetsOfRule: number;
  /** What the events of one call of publish() start, together, bytes: each target gets the whole event, and there may be hundreds. */
  startedBytes: number;
}
