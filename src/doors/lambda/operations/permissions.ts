import { invalidValue } from "../../../control/lambda/aws-error.ts";
import { addPermission, policyFor, removePermission } from "../../../control/lambda/permissions.ts";
import type { Statement } from "../../../store/lambda/records.ts";
import type { LambdaCall, LambdaRoute } from "../call.ts";
import { Constraints } from "../constraints.ts";
import type { LambdaDoorParts } from "../door-parts.ts";
import { namedIn } from "../read-name.ts";
import { bodyOf, type Members } from "../read-request.ts";

const PATH = "/2015-03-31/functions/{FunctionName}/policy";

export function permissionRoutes(parts: LambdaDoorParts): LambdaRoute[] {
  return [
    { operation: "AddPermission", method: "POST", path: PATH, right: "deploy", handle: (call) => add(parts, call) },
    { operation: "GetPolicy", method: "GET", path: PATH, right: "read", handle: (call) => get(parts, call) },
    {
      operation: "RemovePermission",
      method: "DELETE",
      path: `${PATH}/{StatementId}`,
      right: "deploy",
      handle: (call) => remove(parts, call),
    },
  ];
}

function add(parts: LambdaDoorParts, call: LambdaCall) {
  const { account } = call;
  const named = namedIn(call);
  const body = bodyOf(call);
  const statement = readStatement(body);
  const added = addPermission(parts, account, named, { statement, revisionId: body.text("RevisionId") });
  return { status: 201, body: { Statement: JSON.stringify(added) } };
}

const SOURCE = "arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)";
const source_ = /^arn:aws[a-zA-Z0-9-]*:[a-zA-Z0-9-]+:((eusc-)?[a-z]{2}(-gov|-iso[a-z]?)?-[a-z]+-\d)?:(\d{12})?:.*$/;

function readStatement(body: Members): Omit<Statement, "Resource"> {
  const [sid, action, principal] = [body.text("StatementId"), body.text("Action"), body.text("Principal")];
  new Constraints()
    .required("statementId", sid)
    .required("action", action)
    .required("principal", principal)
    .length("statementId", sid, 1, 100)
    .pattern("statementId", sid, "([a-zA-Z0-9-_]+)", /^[a-zA-Z0-9-_]+$/)
    .pattern("action", action, "(lambda:[*]|lambda:[a-zA-Z]+|[*])", /^(lambda:\*|lambda:[a-zA-Z]+|\*)$/)
    .pattern("principal", principal, "[^\\s]+", /^[^\s]+$/)
    .pattern("sourceArn", body.text("SourceArn"), SOURCE, source_)
    .length("sourceAccount", body.text("SourceAccount"), 0, 12)
    .pattern("sourceAccount", body.text("SourceAccount"), "\\d{12}", /^\d{12}$/)
    .length("eventSourceToken", body.text("EventSourceToken"), 0, 256)
    .pattern("eventSourceToken", body.text("EventSourceToken"), "[a-zA-Z0-9._\\-]+", /^[a-zA-Z0-9._-]+$/)
    .length("principalOrgID", body.text("PrincipalOrgID"), 12, 34)
    .pattern("principalOrgID", body.text("PrincipalOrgID"), "o-[a-z0-9]{10,32}", /^o-[a-z0-9]{10,32}$/)
    .oneOf("functionUrlAuthType", body.text("FunctionUrlAuthType"), ["NONE", "AWS_IAM"])
    .check();
  if (body.has("FunctionUrlAuthType") && action !== "lambda:InvokeFunctionUrl")
    throw invalidValue("FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action");
  const condition = conditionOf(body);
  return { Sid: sid!, Effect: "Allow", Principal: principalOf(principal!), Action: action!, ...(condition && { Condition: condition }) };
}

function principalOf(principal: string): unknown {
  if (principal === "*") return "*";
  if (/^\d{12}$/.test(principal)) return { AWS: `arn:aws:iam::${principal}:root` };
  if (principal.startsWith("arn:")) return { AWS: principal };
  if (/\.amazonaws\.com(\.cn)?$|\.alexa\.amazon\.com$/.test(principal)) return { Service: principal };
  throw invalidValue("The provided principal was invalid. Please check the principal and try again.");
}

function conditionOf(body: Members): Statement["Condition"] | undefined {
  const equal = Object.fromEntries(
    (
      [
        ["AWS:SourceAccount", body.text("SourceAccount")],
        ["lambda:EventSourceToken", body.text("EventSourceToken")],
        ["aws:PrincipalOrgID", body.text("PrincipalOrgID")],
        ["lambda:FunctionUrlAuthType", body.text("FunctionUrlAuthType")],
      ] as const
    ).filter((entry): entry is [(typeof entry)[0], string] => entry[1] !== undefined),
  );
  const source = body.text("SourceArn");
  const viaUrl = body.flag("InvokedViaFunctionUrl");
  const condition = {
    ...(Object.keys(equal).length > 0 && { StringEquals: equal }),
    ...(source !== undefined && { ArnLike: { "AWS:SourceArn": source } }),
    ...(viaUrl !== undefined && { Bool: { "lambda:InvokedViaFunctionUrl": viaUrl } }),
  };
  return Object.keys(condition).length > 0 ? condition : undefined;
}

function get(parts: LambdaDoorParts, call: LambdaCall) {
  const { policy, revisionId } = policyFor(parts, call.account, namedIn(call));
  return { status: 200, body: { Policy: policy, RevisionId: revisionId } };
}

function remove(parts: LambdaDoorParts, call: LambdaCall) {
  const sid = call.params["StatementId"]!;
  new Constraints()
    .length("statementId", sid, 1, 100)
    .pattern("statementId", sid, "([a-zA-Z0-9-_.]+)", /^[a-zA-Z0-9-_.]+$/)
    .check();
  removePermission(parts, call.account, namedIn(call), sid, call.query.get("RevisionId") ?? undefined);
  return { status: 204 };
}
