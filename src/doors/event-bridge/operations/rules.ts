/** Rules of event buses. */
import { DEFAULT_BUS, type RuleRef, type StoredRule } from "../../../events/bus/bus.ts";
import type { Timing } from "../../../events/triggers/trigger.ts";
import { NoPattern, readPattern } from "../../../patterns/read-pattern.ts";
import { NoSchedule, readAwsExpression } from "../../../schedules/read-schedule.ts";
import { pageOf } from "../../aws/pages.ts";
import { invalid, ServiceError } from "../../aws/service-error.ts";
import { Constraints } from "../../lambda/constraints.ts";
import { readBusName, ruleArn } from "../arns.ts";
import { countOf, type EventBridgeCall, noSuchBus, noSuchRule, type Operations, tooMany } from "../call.ts";

const NAME = "[\\.\\-_A-Za-z0-9]+";
const STATES = ["ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"];

export const rules: Operations = {
  PutRule: { right: "deploy", handle: put },
  DescribeRule: { right: "read", handle: async (call) => shown(call, await ruleIn(call), true) },
  ListRules: { right: "read", handle: list },
  EnableRule: { right: "deploy", handle: (call) => enable(call, true) },
  DisableRule: { right: "deploy", handle: (call) => enable(call, false) },
  DeleteRule: { right: "deploy", handle: remove },
};

async function put(call: EventBridgeCall): Promise<object> {
  const { input, account, buses } = call;
  const [name, pattern, schedule] = [input.text("Name"), input.text("EventPattern"), input.text("ScheduleExpression")];
  const [description, state] = [input.text("Description"), input.text("State")];
  new Constraints()
    .required("name", name)
    .length("name", name, 1, 64)
    .pattern("name", name, NAME, /^[.\-_A-Za-z0-9]+$/)
    .length("scheduleExpression", schedule, 0, 256)
    .length("eventPattern", pattern, 0, 4_096)
    .oneOf("state", state, STATES)
    .length("description", description, 0, 512)
    .check();
  const bus = readBusName(input.text("EventBusName"), account);
  if (!pattern && !schedule) throw invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.");
  if (schedule && bus !== DEFAULT_BUS) throw invalid("ScheduleExpression is supported only on the default event bus.");
  const timing = schedule ? readTiming(schedule) : undefined;
  if (pattern) assertPattern(pattern);
  const rule = {
    tenant: account.tenant,
    bus,
    name: name!,
    pattern: pattern || null,
    schedule: schedule || null,
    isEnabled: state !== "DISABLED",
    description: description ?? null,
    role: input.text("RoleArn") ?? null,
    tags: input.tags(),
  };
  const outcome = await buses.putRule(rule, timing);
  if (outcome === "no-bus") throw noSuchBus(bus);
  if (outcome === "too-many") throw tooMany();
  return { RuleArn: ruleArn(account, rule) };
}

/** Throws an InvalidEventPatternException. */
export function assertPattern(text: string): void {
  try {
    readPattern(text);
  } catch (error) {
    if (!(error instanceof NoPattern)) throw error;
    throw new ServiceError("InvalidEventPatternException", `Event pattern is not valid. Reason: ${error.message}`);
  }
}

function readTiming(text: string): Timing {
  const [, count, unit] = /^rate\((\d+) ([a-z]+)\)$/.exec(text) ?? [];
  const isWrongNumber = unit !== undefined && (count === "1") === unit.endsWith("s");
  try {
    if (isWrongNumber || text.startsWith("at(")) throw new NoSchedule("is none that rules have");
    return { schedule: readAwsExpression(text, "UTC"), missed: "once", jitterMs: 0 };
  } catch (error) {
    if (error instanceof NoSchedule) throw invalid("Parameter ScheduleExpression is not valid.");
    throw error;
  }
}

async function list(call: EventBridgeCall): Promise<object> {
  const { input, account } = call;
  const bus = readBusName(input.text("EventBusName"), account);
  const prefix = input.text("NamePrefix") ?? "";
  const found = (await rulesOf(call, bus)).filter(({ name }) => name.startsWith(prefix));
  const { items, next } = pageOf(found, input.text("NextToken"), countOf(input));
  return { Rules: items.map((rule) => shown(call, rule, false)), ...next };
}

async function enable(call: EventBridgeCall, isEnabled: boolean): Promise<undefined> {
  const ref = refIn(call);
  if ((await call.buses.enableRule(ref, isEnabled)) === "absent") throw await missing(call, ref);
}

/** A rule that is not there is removed already. */
async function remove(call: EventBridgeCall): Promise<undefined> {
  const ref = refIn(call);
  await rulesOf(call, ref.bus);
  if ((await call.buses.removeRule(ref)) === "has-targets") throw invalid("Rule can't be deleted since it has targets.");
}

/** The rules of a bus. Rejects if there is no such bus. */
export async function rulesOf({ account, buses }: EventBridgeCall, bus: string): Promise<readonly StoredRule[]> {
  const found = await buses.rules(account.tenant, bus);
  if (found === null) throw noSuchBus(bus);
  return found;
}

/** @param member that names the rule */
export function refIn({ input, account }: EventBridgeCall, member = "Name"): RuleRef {
  const name = input.text(member);
  new Constraints().required(member === "Name" ? "name" : "rule", name).check();
  return { tenant: account.tenant, bus: readBusName(input.text("EventBusName"), account), name: name! };
}

export async function ruleIn(call: EventBridgeCall, member = "Name"): Promise<StoredRule> {
  const { bus, name } = refIn(call, member);
  const found = (await rulesOf(call, bus)).find((rule) => rule.name === name);
  if (found === undefined) throw noSuchRule(name, bus);
  return found;
}

/** Why there is no such rule: perhaps there is no such bus. */
export async function missing(call: EventBridgeCall, { bus, name }: RuleRef): Promise<ServiceError> {
  await rulesOf(call, bus);
  return noSuchRule(name, bus);
}

function shown({ account }: EventBridgeCall, rule: StoredRule, isWhole: boolean): object {
  const { name, bus, pattern, schedule, isEnabled, description, role } = rule;
  return {
    Name: name,
    Arn: ruleArn(account, rule),
    ...(pattern !== null && { EventPattern: pattern }),
    ...(schedule !== null && { ScheduleExpression: schedule }),
    State: isEnabled ? "ENABLED" : "DISABLED",
    ...(description !== null && { Description: description }),
    ...(role !== null && { RoleArn: role }),
    EventBusName: bus,
    ...(isWhole && { CreatedBy: account.account }),
  };
}
