/** Reads what a request says of a schedule, and shows it again. */
import { type Account, partitionOf } from "../../control/lambda/names.ts";
import { DEFAULT_GROUP, type NewSchedule, type ScheduleRef, type StoredSchedule } from "../../events/scheduler/schedule.ts";
import type { Timing } from "../../events/triggers/trigger.ts";
import { isTimeZone, NoSchedule, readAwsExpression } from "../../schedules/read-schedule.ts";
import type { Schedule } from "../../schedules/schedule.ts";
import type { TraceContext } from "../../wire/host-end.ts";
import { deliveryMembers } from "../aws/delivery-members.ts";
import type { Input } from "../aws/input.ts";
import { invalid } from "../aws/service-error.ts";
import type { TargetKinds } from "../aws/target-kinds.ts";
import { Constraints } from "../lambda/constraints.ts";

/** What is kept of a schedule for its target, and to show it. */
export interface OwnDefinition {
  /** That has made it: its region is that of what the target gets. */
  account: Account;
  /** That of the request: what the schedule starts is linked to it. */
  trace?: TraceContext | undefined;
  /** The members of the request, with what AWS fills in. */
  given: Readonly<Record<string, unknown>> & { Target: Readonly<Record<string, unknown>> & { Arn: string } };
}

/** Characters of a target's input: AWS's own. */
const MOST_OF_INPUT = 262_144;
/** Members of a target that Mayfly acts by, or keeps. */
const KNOWN = new Set("Arn RoleArn Input RetryPolicy DeadLetterConfig SqsParameters".split(" "));
const MINUTE_MS = 60_000;
/** The last time that there is, seconds since the epoch. */
const MOST_SECONDS = 8.64e12;

export function scheduleArn({ account, region }: Account, { group, name }: Pick<ScheduleRef, "group" | "name">): string {
  return `arn:${partitionOf(region)}:scheduler:${region}:${account}:schedule/${group}/${name}`;
}

export function groupArn({ account, region }: Account, name: string): string {
  return `arn:${partitionOf(region)}:scheduler:${region}:${account}:schedule-group/${name}`;
}

/** Throws a ServiceError. */
export function readRef(name: string, group: string | null | undefined, { tenant }: Account): ScheduleRef {
  const ref = { tenant, group: group || DEFAULT_GROUP, name };
  assertName("name", name);
  assertName("groupName", ref.group);
  return ref;
}

export function assertName(member: string, name: string): void {
  new Constraints()
    .length(member, name, 1, 64)
    .pattern(member, name, "[0-9a-zA-Z-_.]+", /^[0-9a-zA-Z-_.]+$/)
    .check();
}

/** Throws a ServiceError. */
export function readNewSchedule(
  input: Input,
  { account, trace }: Pick<OwnDefinition, "account" | "trace">,
  targets: TargetKinds,
): NewSchedule {
  const [expression, state, after] = [input.text("ScheduleExpression"), input.text("State"), input.text("ActionAfterCompletion")];
  const [target, window] = [input.object("Target"), input.object("FlexibleTimeWindow")];
  const zone = input.text("ScheduleExpressionTimezone") ?? "UTC";
  const mode = window?.text("Mode");
  const minutes = window?.number("MaximumWindowInMinutes");
  new Constraints()
    .required("scheduleExpression", expression)
    .length("scheduleExpression", expression, 1, 256)
    .required("target", target)
    .required("flexibleTimeWindow", window)
    .required("flexibleTimeWindow.mode", mode)
    .oneOf("flexibleTimeWindow.mode", mode, ["OFF", "FLEXIBLE"])
    .range("flexibleTimeWindow.maximumWindowInMinutes", minutes, 1, 1_440)
    .oneOf("state", state, ["ENABLED", "DISABLED"])
    .oneOf("actionAfterCompletion", after, ["NONE", "DELETE"])
    .length("description", input.text("Description"), 0, 512)
    .length("kmsKeyArn", input.text("KmsKeyArn"), 1, 2_048)
    .length("clientToken", input.text("ClientToken"), 1, 64)
    .check();
  if (!isTimeZone(zone)) throw invalid(`Invalid Schedule Expression Timezone ${zone.slice(0, 50)}.`);
  if ((mode === "FLEXIBLE") !== (minutes !== undefined))
    throw invalid("MaximumWindowInMinutes must be given for the mode FLEXIBLE, and for this one only.");
  const timing: Timing = {
    schedule: readExpression(expression!, zone),
    missed: "once",
    jitterMs: (minutes ?? 0) * MINUTE_MS,
    ...bounds(input),
    ...(after === "DELETE" && { isRemovedAfter: true }),
  };
  const text = (name: string) => input.text(name);
  const number = (name: string) => input.number(name);
  const kept = input.only({
    ScheduleExpression: text,
    StartDate: number,
    EndDate: number,
    Description: text,
    State: text,
    ActionAfterCompletion: text,
    KmsKeyArn: text,
    FlexibleTimeWindow: () => ({ Mode: mode, ...(minutes !== undefined && { MaximumWindowInMinutes: minutes }) }),
  });
  const given = { ...kept, Target: readTarget(target!, account, targets), ScheduleExpressionTimezone: zone };
  const definition: OwnDefinition = {
    account,
    ...(trace && { trace }),
    given: { ActionAfterCompletion: "NONE", State: "ENABLED", ...given },
  };
  return { timing, isEnabled: state !== "DISABLED", definition, token: input.text("ClientToken") ?? null };
}

function readExpression(text: string, zone: string): Schedule {
  try {
    return readAwsExpression(text, zone);
  } catch (error) {
    if (error instanceof NoSchedule) throw invalid(`Invalid Schedule Expression ${text}.`);
    throw error;
  }
}

function bounds(input: Input): Pick<Timing, "from" | "until"> {
  const [from, until] = [input.number("StartDate"), input.number("EndDate")];
  if ([from, until].some((seconds) => Math.abs(seconds ?? 0) > MOST_SECONDS)) throw invalid("The StartDate or the EndDate is no time.");
  if (from !== undefined && until !== undefined && until <= from) throw invalid("The EndDate you specify must come after the StartDate.");
  return { ...(from !== undefined && { from: 1_000 * from }), ...(until !== undefined && { until: 1_000 * until }) };
}

function readTarget(target: Input, account: Account, targets: TargetKinds): OwnDefinition["given"]["Target"] {
  const arn = target.text("Arn");
  const policy = target.object("RetryPolicy");
  new Constraints()
    .required("target.arn", arn)
    .length("target.arn", arn, 1, 1_600)
    .required("target.roleArn", target.text("RoleArn"))
    .length("target.roleArn", target.text("RoleArn"), 1, 1_600)
    .length("target.input", target.text("Input"), 1, MOST_OF_INPUT)
    .range("target.retryPolicy.maximumEventAgeInSeconds", policy?.number("MaximumEventAgeInSeconds"), 60, 86_400)
    .range("target.retryPolicy.maximumRetryAttempts", policy?.number("MaximumRetryAttempts"), 0, 185)
    .check();
  const unknown = Object.keys(target.members).find((name) => !KNOWN.has(name) && target.raw(name) !== undefined);
  if (unknown !== undefined) throw invalid(`The member ${unknown} of Target is not supported here.`);
  targets.check(account, arn!, "Target");
  const deadLetters = target.object("DeadLetterConfig")?.text("Arn");
  if (deadLetters !== undefined) targets.checkDeadLetters(account, deadLetters, "Target");
  const text = (name: string) => target.text(name);
  return { ...target.only({ RoleArn: text, Input: text, ...deliveryMembers(target) }), Arn: arn! };
}

/** As GetSchedule shows it. */
export function shownSchedule(account: Account, schedule: StoredSchedule): object {
  const { group, name, definition, createdAt, changedAt } = schedule;
  const { ClientToken: _token, Name: _name, ...given } = (definition as OwnDefinition).given as Record<string, unknown>;
  const times = { CreationDate: createdAt / 1_000, LastModificationDate: changedAt / 1_000 };
  return { ...given, Arn: scheduleArn(account, schedule), GroupName: group, Name: name, ...times };
}

/** As ListSchedules shows it. */
export function summary(account: Account, schedule: StoredSchedule): object {
  const { group, name, isEnabled, definition, createdAt, changedAt } = schedule;
  return {
    Arn: scheduleArn(account, schedule),
    GroupName: group,
    Name: name,
    State: isEnabled ? "ENABLED" : "DISABLED",
    Target: { Arn: (definition as OwnDefinition).given.Target.Arn },
    CreationDate: createdAt / 1_000,
    LastModificationDate: changedAt / 1_000,
  };
}
