/** Settings of functions besides their configuration: what ends loops, and what has no effect here and is kept and shown. */
import { invalidValue } from "../../../control/lambda/aws-error.ts";
import { functionArn } from "../../../control/lambda/names.ts";
import { requireFunction, requireOwn, requireQualified } from "../../../control/lambda/require-function.ts";
import { versionKey } from "../../../store/lambda/lambda-store.ts";
import type { FunctionRecord } from "../../../store/lambda/records.ts";
import type { LambdaCall, LambdaRoute } from "../call.ts";
import { Constraints } from "../constraints.ts";
import type { LambdaDoorParts } from "../door-parts.ts";
import { namedIn } from "../read-name.ts";
import { bodyOf } from "../read-request.ts";

const RECURSION = "/2024-08-31/functions/{FunctionName}/recursion-config";
const RUNTIME = "/2021-07-20/functions/{FunctionName}/runtime-management-config";
export function configRoutes(parts: LambdaDoorParts): LambdaRoute[] {
  return [
    {
      operation: "PutFunctionRecursionConfig",
      method: "PUT",
      path: RECURSION,
      right: "deploy",
      handle: (call) => putRecursion(parts, call),
    },
    {
      operation: "GetFunctionRecursionConfig",
      method: "GET",
      path: RECURSION,
      right: "read",
      handle: (call) => ({ status: 200, body: { RecursiveLoop: recordOf(parts, call).recursiveLoop } }),
    },
    { operation: "PutRuntimeManagementConfig", method: "PUT", path: RUNTIME, right: "deploy", handle: (call) => putRuntime(parts, call) },
    {
      operation: "GetRuntimeManagementConfig",
      method: "GET",
      path: RUNTIME,
      right: "read",
      handle: (call) => runtimeOf(parts, call),
    },
  ];
}

function recordOf(parts: LambdaDoorParts, call: LambdaCall): FunctionRecord {
  return requireFunction(parts, call.account, { name: namedIn(call).name }).record;
}

function changed(parts: LambdaDoorParts, call: LambdaCall, change: Partial<FunctionRecord>): FunctionRecord {
  const { name } = namedIn(call);
  const record = { ...requireOwn(parts, call.account, { name }), ...change };
  parts.store.functions.put(call.account.tenant, "", name, record);
  return record;
}

function putRecursion(parts: LambdaDoorParts, call: LambdaCall) {
  const loop = bodyOf(call).text("RecursiveLoop");
  new Constraints().required("recursiveLoop", loop).oneOf("recursiveLoop", loop, ["Terminate", "Allow"]).check();
  const { recursiveLoop } = changed(parts, call, { recursiveLoop: loop as FunctionRecord["recursiveLoop"] });
  return { status: 200, body: { RecursiveLoop: recursiveLoop } };
}

const RUNTIME_VERSION = "arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}::runtime:.+";
const runtimeVersion = /^arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d::runtime:.+$/;

/** Of the newest, unpublished code, or of the version that the request names. */
function putRuntime(parts: LambdaDoorParts, call: LambdaCall) {
  const { account } = call;
  const named = namedIn(call);
  const body = bodyOf(call);
  const [update, arn] = [body.text("UpdateRuntimeOn"), body.text("RuntimeVersionArn")];
  new Constraints()
    .required("updateRuntimeOn", update)
    .oneOf("updateRuntimeOn", update, ["Auto", "Manual", "FunctionUpdate"])
    .length("runtimeVersionArn", arn, 26, 2_048)
    .pattern("runtimeVersionArn", arn, RUNTIME_VERSION, runtimeVersion)
    .check();
  if (update === "Manual" && arn === undefined) throw invalidValue("RuntimeVersionArn is required when UpdateRuntimeOn is Manual.");
  if (update !== "Manual" && arn !== undefined) throw invalidValue(`RuntimeVersionArn cannot be set when UpdateRuntimeOn is ${update}.`);
  const change = { updateRuntimeOn: update!, runtimeVersionArn: arn ?? null };
  const { version } = requireQualified(parts, account, named);
  if (version === undefined) changed(parts, call, change);
  else parts.store.versions.put(account.tenant, named.name, versionKey(version.version), { ...version, ...change });
  return runtimeOf(parts, call);
}

function runtimeOf(parts: LambdaDoorParts, call: LambdaCall) {
  const { account } = call;
  const named = namedIn(call);
  const { found, version } = requireQualified(parts, account, named);
  const { updateRuntimeOn, runtimeVersionArn } = { ...found.record, ...version };
  const body = {
    UpdateRuntimeOn: updateRuntimeOn,
    RuntimeVersionArn: runtimeVersionArn,
    FunctionArn: functionArn(account, named.name, named.qualifier),
  };
  return { status: 200, body };
}
