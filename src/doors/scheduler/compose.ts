/** Makes the events that schedules start at their targets. https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html */
import { randomUUID } from "node:crypto";
import type { ScheduleDefinition } from "../../events/scheduler/schedule.ts";
import type { Compose } from "../../events/triggers/trigger-clock.ts";
import { isObject } from "../aws/input.ts";
import { retryIn } from "../aws/retry-policy.ts";
import type { TargetKinds } from "../aws/target-kinds.ts";
import { type OwnDefinition, scheduleArn } from "./schedule-input.ts";

export function composeWith(targets: TargetKinds): Compose {
  return ({ name: whole, definition }, dueAt) => {
    const { account, given, trace } = (definition as ScheduleDefinition).own as OwnDefinition;
    const [group = "", name = ""] = whole.split("/");
    const { Arn, Input, RetryPolicy, DeadLetterConfig: to, SqsParameters } = given.Target;
    const facts = { arn: scheduleArn(account, { group, name }), time: `${new Date(dueAt).toISOString().slice(0, 19)}Z`, id: randomUUID() };
    const event = targets.event(account, Arn, {
      payload: Buffer.from(typeof Input === "string" ? asJson(filledIn(Input, facts)) : JSON.stringify(usual(account, facts))),
      source: { kind: "schedule", name },
      retry: retryIn(RetryPolicy),
      deadLetters: isObject(to) && typeof to["Arn"] === "string" ? to["Arn"] : undefined,
      ...(isObject(SqsParameters) && { more: SqsParameters }),
    });
    return [trace === undefined ? event : { ...event, links: [trace] }];
  };
}

interface Facts {
  arn: string;
  time: string;
  id: string;
}

/** The words that AWS puts in. Which attempt it is is not known yet: each attempt gets the same. */
function filledIn(input: string, { arn, time, id }: Facts): string {
  return input
    .replaceAll("<aws.scheduler.schedule-arn>", arn)
    .replaceAll("<aws.scheduler.scheduled-time>", time)
    .replaceAll("<aws.scheduler.execution-id>", id)
    .replaceAll("<aws.scheduler.attempt-number>", "1");
}

/** Functions get JSON: another text becomes a JSON text. */
function asJson(text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    return JSON.stringify(text);
  }
}

function usual({ account, region }: OwnDefinition["account"], { arn, time, id }: Facts): object {
  const about = { version: "0", id, "detail-type": "Scheduled Event", source: "aws.scheduler" };
  return { ...about, account, time, region, resources: [arn], detail: "{}" };
}
