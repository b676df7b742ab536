/** Groups of schedules, and their tags. */
import { DEFAULT_GROUP, type ScheduleGroup } from "../../events/scheduler/schedule.ts";
import { shownTags } from "../aws/input.ts";
import { pageOf } from "../aws/pages.ts";
import { invalid } from "../aws/service-error.ts";
import { absent, conflict, countOf, type SchedulerCall, type SchedulerOperation, tooMany } from "./call.ts";
import { assertName, groupArn } from "./schedule-input.ts";

const path = "schedule-groups";

export const groupOperations: readonly SchedulerOperation[] = [
  { name: "CreateScheduleGroup", method: "POST", path, isNamed: true, right: "deploy", handle: create },
  { name: "GetScheduleGroup", method: "GET", path, isNamed: true, right: "read", handle: get },
  { name: "DeleteScheduleGroup", method: "DELETE", path, isNamed: true, right: "deploy", handle: remove },
  { name: "ListScheduleGroups", method: "GET", path, isNamed: false, right: "read", handle: list },
  { name: "TagResource", method: "POST", path: "tags", isNamed: true, right: "deploy", handle: tag },
  { name: "UntagResource", method: "DELETE", path: "tags", isNamed: true, right: "deploy", handle: untag },
  { name: "ListTagsForResource", method: "GET", path: "tags", isNamed: true, right: "read", handle: listTags },
];

const MOST_TAGS = 200;

async function create({ named, input, account, schedules }: SchedulerCall): Promise<object> {
  assertName("name", named);
  const outcome = await schedules.createGroup(account.tenant, named, input.tags());
  if (outcome === "exists") throw conflict("Schedule group", named);
  if (outcome === "too-many") throw tooMany("schedule groups");
  return { ScheduleGroupArn: groupArn(account, named) };
}

async function get(call: SchedulerCall): Promise<object> {
  return shown(call, await find(call, call.named));
}

async function remove({ named, account, schedules }: SchedulerCall): Promise<object> {
  if (named === DEFAULT_GROUP) throw invalid(`The schedule group ${DEFAULT_GROUP} cannot be removed.`);
  if ((await schedules.removeGroup(account.tenant, named)) === "absent") throw absent("Schedule group", named);
  return {};
}

async function list(call: SchedulerCall): Promise<object> {
  const { query, account, schedules } = call;
  const prefix = query.get("NamePrefix") ?? "";
  const found = (await schedules.groups(account.tenant)).filter(({ name }) => name.startsWith(prefix));
  const { items, next } = pageOf(found, query.get("NextToken") ?? undefined, countOf(query));
  return { ScheduleGroups: items.map((group) => shown(call, group)), ...next };
}

async function tag(call: SchedulerCall): Promise<object> {
  const { name, tags } = await tagged(call);
  const all = { ...tags, ...call.input.tags() };
  if (Object.keys(all).length > MOST_TAGS) throw invalid(`A schedule group may have ${MOST_TAGS} tags.`);
  await call.schedules.tagGroup(call.account.tenant, name, all);
  return {};
}

async function untag(call: SchedulerCall): Promise<object> {
  const { name, tags } = await tagged(call);
  const gone = new Set(call.query.getAll("TagKeys"));
  const left = Object.fromEntries(Object.entries(tags).filter(([key]) => !gone.has(key)));
  await call.schedules.tagGroup(call.account.tenant, name, left);
  return {};
}

async function listTags(call: SchedulerCall): Promise<object> {
  return { Tags: shownTags((await tagged(call)).tags) };
}

/** The group that an ARN names. */
function tagged(call: SchedulerCall): Promise<ScheduleGroup> {
  const [, account, name] = /^arn:aws[\w-]*:scheduler:[\w-]*:(\d{12}):schedule-group\/([\w.-]{1,64})$/.exec(call.named) ?? [];
  if (name === undefined || account !== call.account.account) throw invalid(`Invalid resource ARN ${call.named.slice(0, 300)}.`);
  return find(call, name);
}

async function find({ account, schedules }: SchedulerCall, name: string): Promise<ScheduleGroup> {
  const found = (await schedules.groups(account.tenant)).find((group) => group.name === name);
  if (found === undefined) throw absent("Schedule group", name);
  return found;
}

function shown({ account }: SchedulerCall, { name, createdAt, changedAt }: ScheduleGroup): object {
  const times = createdAt > 0 ? { CreationDate: createdAt / 1_000, LastModificationDate: changedAt / 1_000 } : {};
  return { Arn: groupArn(account, name), Name: name, State: "ACTIVE", ...times };
}
