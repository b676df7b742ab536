/** Whole policies of functions, versions and aliases, which take the place of what AddPermission has added. */
import { invalidValue } from "../../../control/lambda/aws-error.ts";
import { functionArn } from "../../../control/lambda/names.ts";
import { policyFor, removePolicy, replacePolicy } from "../../../control/lambda/permissions.ts";
import type { Named } from "../../../control/lambda/require-function.ts";
import type { Statement } from "../../../store/lambda/records.ts";
import type { LambdaCall, LambdaRoute } from "../call.ts";
import { Constraints } from "../constraints.ts";
import type { LambdaDoorParts } from "../door-parts.ts";
import { readNamed } from "../read-name.ts";
import { bodyOf } from "../read-request.ts";

const PATH = "/2026-07-09/resource-policy/{ResourceArn}";

export function resourcePolicyRoutes(parts: LambdaDoorParts): LambdaRoute[] {
  return [
    {
      operation: "GetResourcePolicy",
      method: "GET",
      path: PATH,
      right: "read",
      handle(call) {
        const { policy, revisionId } = policyFor(parts, call.account, resourceIn(call));
        return { status: 200, body: { Policy: policy, RevisionId: revisionId } };
      },
    },
    { operation: "PutResourcePolicy", method: "PUT", path: PATH, right: "deploy", handle: (call) => put(parts, call) },
    {
      operation: "DeleteResourcePolicy",
      method: "DELETE",
      path: PATH,
      right: "deploy",
      handle(call) {
        removePolicy(parts, call.account, resourceIn(call), call.query.get("RevisionId") ?? undefined);
        return { status: 204 };
      },
    },
  ];
}

function resourceIn({ account, params }: LambdaCall): Named {
  const arn = params["ResourceArn"]!;
  if (!/^arn:[^:]*:lambda:[^:]*:\d{12}:function:/.test(arn))
    throw invalidValue(`${arn.slice(0, 256)} is no ARN of a function, a version or an alias.`);
  return readNamed(account, arn, "resourceArn");
}

function put(parts: LambdaDoorParts, call: LambdaCall) {
  const { account } = call;
  const named = resourceIn(call);
  const body = bodyOf(call);
  const policy = body.text("Policy");
  new Constraints().required("policy", policy).check();
  const statements = readStatements(policy!, functionArn(account, named.name, named.qualifier));
  replacePolicy(parts, account, named, { statements, revisionId: body.text("RevisionId") });
  const now = policyFor(parts, account, named);
  return { status: 200, body: { Policy: now.policy, RevisionId: now.revisionId } };
}

/** Throws InvalidParameterValueException for what this server would not heed: a policy must not seem to forbid what is allowed. */
function readStatements(text: string, arn: string): Statement[] {
  const policy = objectIn(parsed(text), "The policy");
  const list = [policy["Statement"]].flat();
  if (list.length === 0 || policy["Statement"] === undefined) throw invalidValue("The policy has no Statement.");
  const statements = list.map((each) => readStatement(objectIn(each, "Each Statement of a policy"), arn));
  const sids = statements.map(({ Sid }) => Sid);
  if (new Set(sids).size < sids.length) throw invalidValue("Two statements of the policy have the same Sid.");
  return statements;
}

const members = new Set(["Sid", "Effect", "Principal", "Action", "Resource", "Condition"]);

function readStatement(statement: Record<string, unknown>, arn: string): Statement {
  const { Sid, Effect, Principal, Action, Resource, Condition } = statement;
  const other = Object.keys(statement).find((name) => !members.has(name));
  if (other !== undefined) throw invalidValue(`${other} in policies is not supported on this server.`);
  if (typeof Sid !== "string" || !/^[a-zA-Z0-9-_]{1,100}$/.test(Sid))
    throw invalidValue("Each Statement of a policy must have a Sid of 1 to 100 letters, digits, - and _.");
  if (Effect !== "Allow") throw invalidValue("The Effect of each Statement must be Allow: others are not supported on this server.");
  if (!areTexts(Action, /^(lambda:(\*|[a-zA-Z]+)|\*)$/)) throw invalidValue(`The Action of ${Sid} must be actions of Lambda.`);
  if (Resource !== arn) throw invalidValue(`The Resource of ${Sid} must be ${arn}.`);
  return {
    Sid,
    Effect,
    Principal: principalIn(Sid, Principal),
    Action: Action as Statement["Action"],
    Resource,
    ...(Condition !== undefined && { Condition: conditionIn(Sid, Condition) }),
  };
}

function principalIn(sid: string, principal: unknown): unknown {
  if (principal === "*") return principal;
  const named = objectIn(principal, `The Principal of ${sid}`);
  const kinds = Object.keys(named);
  if (kinds.length !== 1 || !["AWS", "Service"].includes(kinds[0]!) || !areTexts(named[kinds[0]!], /^\S+$/))
    throw invalidValue(`The Principal of ${sid} must be * or name an AWS account or a Service.`);
  return named;
}

function conditionIn(sid: string, condition: unknown): NonNullable<Statement["Condition"]> {
  const tests = objectIn(condition, `The Condition of ${sid}`);
  for (const values of Object.values(tests))
    if (Object.keys(objectIn(values, `Each test in the Condition of ${sid}`)).length === 0)
      throw invalidValue(`The Condition of ${sid} has a test without a key.`);
  if (Object.keys(tests).length === 0) throw invalidValue(`The Condition of ${sid} has no test.`);
  return tests as NonNullable<Statement["Condition"]>;
}

function areTexts(value: unknown, pattern: RegExp): boolean {
  const list = [value].flat();
  return list.length > 0 && list.every((each) => typeof each === "string" && pattern.test(each));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidValue("The policy is no JSON.");
  }
}

function objectIn(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalidValue(`${what} must be an object.`);
  return value as Record<string, unknown>;
}
