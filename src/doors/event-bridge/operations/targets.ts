/** Targets of rules. */
import type { Target } from "../../../events/bus/bus.ts";
import { pageOf } from "../../aws/pages.ts";
import type { Input } from "../../aws/input.ts";
import { deliveryMembers } from "../../aws/delivery-members.ts";
import { invalid } from "../../aws/service-error.ts";
import { Constraints } from "../../lambda/constraints.ts";
import { readBusName } from "../arns.ts";
import { countOf, type EventBridgeCall, type Operations, tooMany } from "../call.ts";
import type { TargetDefinition } from "../target-input.ts";
import { missing, refIn, ruleIn, rulesOf } from "./rules.ts";

export const targets: Operations = {
  PutTargets: { right: "deploy", handle: put },
  RemoveTargets: { right: "deploy", handle: remove },
  ListTargetsByRule: { right: "read", handle: list },
  ListRuleNamesByTarget: { right: "read", handle: listRules },
};

/** Members of a target that Mayfly keeps and acts by. What others would do is said by refusing them. */
const KNOWN = new Set("Id Arn RoleArn Input InputPath InputTransformer RetryPolicy DeadLetterConfig SqsParameters".split(" "));
const MOST_AT_ONCE = 100;
/** Characters of an input, a template and a path, and how many paths a template may have: AWS's own. */
const MOST_OF_INPUT = 8_192;
const MOST_OF_PATH = 256;
const MOST_PATHS = 100;

async function put(call: EventBridgeCall): Promise<object> {
  const { input, buses } = call;
  const ref = refIn(call, "Rule");
  const given = input.objects("Targets") ?? [];
  new Constraints()
    .count(
      "targets",
      given.map((target) => target.text("Id") ?? ""),
      1,
      MOST_AT_ONCE,
    )
    .check();
  const read = given.map((target) => readTarget(call, target));
  const outcome = await buses.putTargets(ref, read);
  if (outcome === "absent") throw await missing(call, ref);
  if (outcome === "too-many") throw tooMany();
  return { FailedEntryCount: 0, FailedEntries: [] };
}

function readTarget({ account, targets: kinds }: EventBridgeCall, target: Input): Target {
  const [id, arn] = [target.text("Id"), target.text("Arn")];
  new Constraints()
    .required("targets.1.member.id", id)
    .length("targets.1.member.id", id, 1, 64)
    .pattern("targets.1.member.id", id, "[\\.\\-_A-Za-z0-9]+", /^[.\-_A-Za-z0-9]+$/)
    .required("targets.1.member.arn", arn)
    .length("targets.1.member.arn", arn, 1, 1_600)
    .length("targets.1.member.roleArn", target.text("RoleArn"), 1, 1_600)
    .length("targets.1.member.input", target.text("Input"), 0, MOST_OF_INPUT)
    .length("targets.1.member.inputPath", target.text("InputPath"), 0, MOST_OF_PATH)
    .check();
  const unknown = Object.keys(target.members).find((name) => !KNOWN.has(name) && target.raw(name) !== undefined);
  if (unknown !== undefined) throw invalid(`Parameter ${unknown} is not valid for target ${id}. Reason: it is not supported here.`);
  kinds.check(account, arn!, `target ${id}`);
  const deadLetters = target.object("DeadLetterConfig")?.text("Arn");
  if (deadLetters !== undefined) kinds.checkDeadLetters(account, deadLetters, `target ${id}`);
  const policy = target.object("RetryPolicy");
  new Constraints()
    .range("targets.1.member.retryPolicy.maximumRetryAttempts", policy?.number("MaximumRetryAttempts"), 0, 185)
    .range("targets.1.member.retryPolicy.maximumEventAgeInSeconds", policy?.number("MaximumEventAgeInSeconds"), 60, 86_400)
    .check();
  const ways = ["Input", "InputPath", "InputTransformer"].filter((name) => target.raw(name) !== undefined);
  if (ways.length > 1) throw invalid(`Only one of Input, InputPath, or InputTransformer must be provided for target ${id}.`);
  const constant = target.text("Input");
  if (constant !== undefined && !isJson(constant)) throw invalid(`Parameter Input is not valid for target ${id}. Reason: it is no JSON.`);
  const text = (name: string) => target.text(name);
  const given = target.only({
    Id: text,
    Arn: text,
    RoleArn: text,
    Input: text,
    InputPath: text,
    InputTransformer: () => readTransformer(target.object("InputTransformer")),
    ...deliveryMembers(target),
  });
  const definition: TargetDefinition = { account, given };
  return { id: id!, arn: arn!, definition };
}

function readTransformer(template: Input | undefined): object | undefined {
  if (template === undefined) return undefined;
  const at = "targets.1.member.inputTransformer";
  const [text, paths] = [template.text("InputTemplate"), template.map("InputPathsMap")];
  const long = [...paths].flat().find((each) => each.length > MOST_OF_PATH);
  new Constraints()
    .required(`${at}.inputTemplate`, text)
    .length(`${at}.inputTemplate`, text, 1, MOST_OF_INPUT)
    .count(`${at}.inputPathsMap`, [...paths.keys()], 0, MOST_PATHS)
    .length(`${at}.inputPathsMap`, long, 0, MOST_OF_PATH)
    .check();
  return { ...(paths.size > 0 && { InputPathsMap: Object.fromEntries(paths) }), InputTemplate: text };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

async function remove(call: EventBridgeCall): Promise<object> {
  const ref = refIn(call, "Rule");
  const ids = call.input.texts("Ids") ?? [];
  new Constraints().count("ids", ids, 1, MOST_AT_ONCE).check();
  const removed = await call.buses.removeTargets(ref, ids);
  if (removed === null) throw await missing(call, ref);
  const failed = ids.filter((id) => !removed.includes(id));
  const FailedEntries = failed.map((TargetId) => ({
    TargetId,
    ErrorCode: "ResourceNotFoundException",
    ErrorMessage: `Rule ${ref.name} does not have target with id ${TargetId}.`,
  }));
  return { FailedEntryCount: failed.length, FailedEntries };
}

async function list(call: EventBridgeCall): Promise<object> {
  const { targets: all } = await ruleIn(call, "Rule");
  const named = all.map(({ id: name, definition }) => ({ name, definition }));
  const { items, next } = pageOf(named, call.input.text("NextToken"), countOf(call.input));
  return { Targets: items.map(({ definition }) => (definition as TargetDefinition).given), ...next };
}

async function listRules(call: EventBridgeCall): Promise<object> {
  const { input, account } = call;
  const arn = input.text("TargetArn");
  new Constraints().required("targetArn", arn).check();
  const all = await rulesOf(call, readBusName(input.text("EventBusName"), account));
  const found = all.filter((rule) => rule.targets.some((target) => target.arn === arn));
  const { items, next } = pageOf(found, input.text("NextToken"), countOf(input));
  return { RuleNames: items.map(({ name }) => name), ...next };
}
