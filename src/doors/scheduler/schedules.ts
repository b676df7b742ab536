/** Schedules. */
import { DEFAULT_GROUP, type ScheduleRef } from "../../events/scheduler/schedule.ts";
import { invalid } from "../aws/service-error.ts";
import { absent, conflict, countOf, type SchedulerCall, type SchedulerOperation, tooMany } from "./call.ts";
import { readNewSchedule, readRef, scheduleArn, shownSchedule, summary } from "./schedule-input.ts";

const path = "schedules";

export const scheduleOperations: readonly SchedulerOperation[] = [
  { name: "CreateSchedule", method: "POST", path, isNamed: true, right: "deploy", handle: create },
  { name: "UpdateSchedule", method: "PUT", path, isNamed: true, right: "deploy", handle: change },
  { name: "GetSchedule", method: "GET", path, isNamed: true, right: "read", handle: get },
  { name: "DeleteSchedule", method: "DELETE", path, isNamed: true, right: "deploy", handle: remove },
  { name: "ListSchedules", method: "GET", path, isNamed: false, right: "read", handle: list },
];

async function create({ named, input, account, trace, schedules, targets }: SchedulerCall): Promise<object> {
  const ref = readRef(named, input.text("GroupName"), account);
  const outcome = await schedules.create(ref, readNewSchedule(input, { account, trace }, targets));
  if (outcome === "no-group") throw absent("Schedule group", ref.group);
  if (outcome === "exists") throw conflict("Schedule", ref.name);
  if (outcome === "too-many") throw tooMany("schedules");
  return { ScheduleArn: scheduleArn(account, ref) };
}

/** What the request leaves out is as for a new schedule. */
async function change({ named, input, account, trace, schedules, targets }: SchedulerCall): Promise<object> {
  const ref = readRef(named, input.text("GroupName"), account);
  if ((await schedules.change(ref, readNewSchedule(input, { account, trace }, targets))) === "absent") throw absent("Schedule", ref.name);
  return { ScheduleArn: scheduleArn(account, ref) };
}

async function get(call: SchedulerCall): Promise<object> {
  const ref = refIn(call);
  const found = await call.schedules.find(ref);
  if (found === null) throw absent("Schedule", ref.name);
  return shownSchedule(call.account, found);
}

async function remove(call: SchedulerCall): Promise<object> {
  const ref = refIn(call);
  if ((await call.schedules.remove(ref)) === "absent") throw absent("Schedule", ref.name);
  return {};
}

function refIn({ named, query, account }: SchedulerCall): ScheduleRef {
  return readRef(named, query.get("groupName"), account);
}

async function list({ query, account, schedules }: SchedulerCall): Promise<object> {
  const state = query.get("State");
  const count = countOf(query);
  const found = await schedules.list({
    tenant: account.tenant,
    group: query.get("ScheduleGroup") ?? undefined,
    prefix: query.get("NamePrefix") ?? undefined,
    isEnabled: state === null ? undefined : state === "ENABLED",
    after: afterIn(query.get("NextToken")),
    most: count + 1,
  });
  const items = found.slice(0, count);
  const last = items.at(-1);
  const next = found.length > count ? { NextToken: Buffer.from(JSON.stringify([last!.group, last!.name])).toString("base64url") } : {};
  return { Schedules: items.map((each) => summary(account, each)), ...next };
}

function afterIn(token: string | null): Pick<ScheduleRef, "group" | "name"> | undefined {
  if (token === null || token === "") return undefined;
  try {
    const [group = DEFAULT_GROUP, name] = JSON.parse(Buffer.from(token, "base64url").toString()) as [unknown, unknown];
    if (typeof group === "string" && typeof name === "string") return { group, name };
  } catch {
    // It is no token that was given here.
  }
  throw invalid("Invalid NextToken.");
}
