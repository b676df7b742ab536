/** Makes the events that rules start at their targets: of events of a bus, and of the times of a rule with a schedule. */
import { randomUUID } from "node:crypto";
import type { Account } from "../../control/lambda/names.ts";
import { type BusEvent, DEFAULT_BUS, type RuleDefinition, type RuleRef, type Target } from "../../events/bus/bus.ts";
import type { Deliver } from "../../events/bus/buses-over.ts";
import type { EventSource, NewEvent } from "../../events/event.ts";
import type { Compose } from "../../events/triggers/trigger-clock.ts";
import { isObject } from "../aws/input.ts";
import { retryIn } from "../aws/retry-policy.ts";
import type { TargetKinds } from "../aws/target-kinds.ts";
import { ruleArn } from "./arns.ts";
import { payloadOf, type TargetDefinition } from "./target-input.ts";

export interface DeliverParts {
  targets: TargetKinds;
  /** Wall clock, ms. */
  now: () => number;
}

export function deliverWith(parts: DeliverParts): Deliver {
  return (rule, target, event) => deliver(parts, rule, target, event, { kind: "bus", name: rule.name });
}

/** A rule without targets fires, and starts nothing. If some of its targets are gone, the others get their events. */
export function composeWith(parts: DeliverParts): Compose {
  return ({ app: tenant, name, definition }, dueAt) => {
    const { targets } = definition as RuleDefinition;
    const rule = { tenant, bus: DEFAULT_BUS, name };
    const made = targets.map((target) => () => deliver(parts, rule, target, scheduled(rule, target, dueAt), { kind: "schedule", name }));
    return someOf(made);
  };
}

/** Throws if none of them can be made. */
function someOf(made: (() => NewEvent)[]): NewEvent[] {
  const failures: unknown[] = [];
  const events = made.flatMap((make) => {
    try {
      return [make()];
    } catch (error) {
      failures.push(error);
      return [];
    }
  });
  if (events.length === 0 && failures.length > 0) throw failures[0];
  return events;
}

function deliver(
  { targets, now }: DeliverParts,
  rule: RuleRef,
  { arn, definition }: Target,
  event: BusEvent,
  source: EventSource,
): NewEvent {
  const stored = definition as TargetDefinition;
  const { account, given } = stored;
  const { DeadLetterConfig: to, RetryPolicy: policy, SqsParameters } = given;
  return targets.event(account, arn, {
    payload: payloadOf(stored, event, { name: rule.name, arn: ruleArn(account, rule), now: now() }),
    source,
    retry: retryIn(policy),
    deadLetters: isObject(to) && typeof to["Arn"] === "string" ? to["Arn"] : undefined,
    ...(isObject(SqsParameters) && { more: SqsParameters }),
  });
}

function scheduled(rule: RuleRef, { definition }: Target, dueAt: number): BusEvent {
  const account: Account = (definition as TargetDefinition).account;
  return {
    version: "0",
    id: randomUUID(),
    "detail-type": "Scheduled Event",
    source: "aws.events",
    account: account.account,
    time: `${new Date(dueAt).toISOString().slice(0, 19)}Z`,
    region: account.region,
    resources: [ruleArn(account, rule)],
    detail: {},
  };
}
