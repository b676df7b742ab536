/**
 * Bucket policies, by AWS's language: what they say is read when they are set, so that none is kept that this server would take for something else, and decided for
 * each request.
 */
import { z } from "zod";
import { S3Error } from "../../s3-error.ts";
import { canonicalId } from "../acl.ts";
import { type Conditions, type Facts, filled, holds, isKey, isOperator } from "./conditions.ts";
import { fits } from "./wildcard.ts";

export interface Policy {
  statements: readonly Statement[];
}

interface Statement {
  effect: "Allow" | "Deny";
  /** Everybody: `*`. Otherwise account numbers, ARNs of users, and canonical ids. */
  principals: readonly string[];
  actions: readonly string[];
  /** Whether the actions are those that it is not about. */
  isNotActions: boolean;
  resources: readonly string[];
  isNotResources: boolean;
  conditions: Conditions;
}

export interface Asked {
  /** Null: anonymous. */
  caller: { account: string; tenant: string; user: string } | null;
  /** For example "s3:GetObject". */
  action: string;
  /** For example "photos/a.jpg", or "photos". */
  resource: string;
  facts: Facts;
}

const MOST_BYTES = 20_480;
const ARN = "arn:aws:s3:::";

const texts = z.union([z.string(), z.array(z.string())]).transform((value) => (typeof value === "string" ? [value] : value));
const value = z.union([z.string(), z.boolean(), z.number()]).transform(String);
const statementSchema = z.looseObject({
  Sid: z.string().optional(),
  Effect: z.enum(["Allow", "Deny"]),
  Principal: z.union([z.literal("*"), z.record(z.string(), texts)]),
  Action: texts.optional(),
  NotAction: texts.optional(),
  Resource: texts.optional(),
  NotResource: texts.optional(),
  Condition: z.record(z.string(), z.record(z.string(), z.union([value.transform((one) => [one]), z.array(value)]))).optional(),
});
const known = new Set(["Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition"]);

function malformed(message: string): S3Error {
  return new S3Error("MalformedPolicy", {}, message);
}

/** Throws "MalformedPolicy". @param bucket whose policy it is */
export function readPolicy(text: string, bucket: string): Policy {
  if (Buffer.byteLength(text) > MOST_BYTES) throw malformed(`Policies may have at most ${MOST_BYTES} bytes`);
  let given: unknown;
  try {
    given = text.startsWith("{") ? JSON.parse(text) : undefined;
  } catch {
    given = undefined;
  }
  if (typeof given !== "object" || given === null) throw new S3Error("MalformedPolicy");
  const { Statement: all, ...rest } = given as Record<string, unknown>;
  if (all === undefined) throw malformed("Missing required field Statement");
  const other = Object.keys(rest).find((name) => name !== "Version" && name !== "Id");
  if (other !== undefined) throw malformed(`Unknown field ${other.slice(0, 100)}`);
  return { statements: [all].flat().map((each) => readStatement(each, bucket)) };
}

function readStatement(given: unknown, bucket: string): Statement {
  if (typeof given !== "object" || given === null) throw malformed("Policy statement must be an object");
  for (const [field, opposite] of [["Effect"], ["Principal"], ["Action", "NotAction"], ["Resource", "NotResource"]] as const)
    if (!Object.hasOwn(given, field) && !(opposite !== undefined && Object.hasOwn(given, opposite)))
      throw malformed(
        field === "Principal" && Object.hasOwn(given, "NotPrincipal") ? "NotPrincipal is not supported" : `Missing required field ${field}`,
      );
  const unknown = Object.keys(given).find((name) => !known.has(name));
  if (unknown !== undefined) throw malformed(`Unknown field ${unknown.slice(0, 100)}`);
  const parsed = statementSchema.safeParse(given);
  if (!parsed.success) throw malformed(`Invalid policy syntax at ${parsed.error.issues[0]!.path.join(".").slice(0, 200)}`);
  const { Effect, Principal, Action, NotAction, Resource, NotResource, Condition = {} } = parsed.data;
  const actions = Action ?? NotAction!;
  if (!actions.every((action) => action === "*" || /^s3:[a-z*?]+$/i.test(action))) throw malformed("Policy has invalid action");
  const resources = (Resource ?? NotResource!).map((resource) => withinBucket(resource, bucket));
  for (const [operator, wanted] of Object.entries(Condition)) {
    if (!isOperator(operator)) throw malformed(`Invalid Condition type : ${operator.slice(0, 100)}`);
    if (!Object.keys(wanted).every((key) => isKey(key))) throw malformed("Policy has an invalid condition key");
  }
  return {
    effect: Effect,
    principals: principalsOf(Principal),
    actions,
    isNotActions: Action === undefined,
    resources,
    isNotResources: Resource === undefined,
    conditions: Condition,
  };
}

/** Without what all resources have in common. */
function withinBucket(resource: string, bucket: string): string {
  const rest = resource.startsWith(ARN) ? resource.slice(ARN.length) : "";
  if (rest !== bucket && !rest.startsWith(`${bucket}/`) && rest !== "*" && !fits(rest.split("/", 1)[0]!, bucket))
    throw malformed("Policy has invalid resource");
  return rest;
}

/** Services and identities of other providers are not here: a statement for them lets nobody in, and keeps nobody out. */
function principalsOf(principal: "*" | Record<string, string[]>): string[] {
  if (principal === "*") return ["*"];
  return Object.entries(principal).flatMap(([kind, names]) => {
    if (kind === "Service" || kind === "Federated") return [];
    if (kind === "CanonicalUser" && names.every((name) => /^[0-9a-f]{64}$/.test(name))) return names;
    if (kind !== "AWS") throw malformed("Invalid principal in policy");
    return names.map((name) => {
      const [, account, user] = /^(?:arn:aws:iam::)?(\d{12})(?::(root|user\/[\w+=,.@/-]{1,128}))?$/.exec(name) ?? [];
      if (name !== "*" && account === undefined) throw malformed("Invalid principal in policy");
      if (name === "*") return name;
      return user === undefined || user === "root" ? account! : `${account!}:${user}`;
    });
  });
}

/** What a policy says to a request. A denial counts for more than what is allowed. */
export function decide({ statements }: Policy, asked: Asked): "allow" | "deny" | "nothing" {
  const said = new Set(statements.filter((statement) => isAbout(statement, asked)).map(({ effect }) => effect));
  if (said.has("Deny")) return "deny";
  return said.has("Allow") ? "allow" : "nothing";
}

function isAbout(statement: Statement, { caller, action, resource, facts }: Asked): boolean {
  const { principals, actions, isNotActions, resources, isNotResources, conditions } = statement;
  const named = caller === null ? [] : [caller.account, `${caller.account}:user/${caller.user}`, canonicalId(caller.tenant)];
  if (!principals.some((principal) => principal === "*" || named.includes(principal))) return false;
  const isAction = actions.some((each) => fits(each.toLowerCase(), action.toLowerCase()));
  if (isAction === isNotActions) return false;
  const isResource = resources.some((each) => fits(filled(each, facts), resource));
  return isResource !== isNotResources && holds(conditions, facts);
}

const narrowing = /^(?:aws:(?:sourceip|principalaccount|principalarn|username|userid))$/i;

/** Whether it lets anybody in. */
export function isPublicPolicy({ statements }: Policy): boolean {
  return statements.some(({ effect, principals, conditions }) => {
    if (effect !== "Allow" || !principals.includes("*")) return false;
    const isNarrow = Object.entries(conditions).some(([operator, wanted]) =>
      Object.entries(wanted).some(
        ([key, values]) =>
          narrowing.test(key) &&
          /^(?:StringEquals|StringLike|ArnEquals|ArnLike|IpAddress)$/.test(operator) &&
          values.every((each) => !/[*?]/.test(each) && !each.endsWith("/0")),
      ),
    );
    return !isNarrow;
  });
}
