/** Settings of functions that have no effect here, and are kept and shown; and those that are refused. */
import { notFound } from "../../../control/lambda/aws-error.ts";
import { functionArn, runtimeVersionArn } from "../../../control/lambda/names.ts";
import { requireFunction, requireOwn } from "../../../control/lambda/require-function.ts";
import type { FunctionRecord } from "../../../store/lambda/records.ts";
import type { LambdaCall, LambdaRoute } from "../call.ts";
import { Constraints } from "../constraints.ts";
import type { LambdaDoorParts } from "../door-parts.ts";
import { namedIn } from "../read-name.ts";
import { bodyOf } from "../read-request.ts";
import { noCodeSigning } from "./functions.ts";

const RECURSION = "/2024-08-31/functions/{FunctionName}/recursion-config";
const RUNTIME = "/2021-07-20/functions/{FunctionName}/runtime-management-config";
const SIGNING = "/2020-06-30/functions/{FunctionName}/code-signing-config";
const SIGNING_CONFIGS = "/2020-04-22/code-signing-configs";

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
      handle: (call) => runtimeShown(call, recordOf(parts, call)),
    },
    {
      operation: "GetFunctionCodeSigningConfig",
      method: "GET",
      path: SIGNING,
      right: "read",
      handle(call) {
        recordOf(parts, call);
        return { status: 200, body: {} };
      },
    },
    {
      operation: "DeleteFunctionCodeSigningConfig",
      method: "DELETE",
      path: SIGNING,
      right: "deploy",
      handle(call) {
        recordOf(parts, call);
        return { status: 204 };
      },
    },
    { operation: "PutFunctionCodeSigningConfig", method: "PUT", path: SIGNING, right: "deploy", handle: refuseSigning },
    { operation: "CreateCodeSigningConfig", method: "POST", path: SIGNING_CONFIGS, right: "deploy", handle: refuseSigning },
    {
      operation: "ListCodeSigningConfigs",
      method: "GET",
      path: SIGNING_CONFIGS,
      right: "read",
      handle: () => ({ status: 200, body: { CodeSigningConfigs: [] } }),
    },
    ...(["GET", "PUT", "DELETE"] as const).map((method): LambdaRoute => ({
      operation: { GET: "GetCodeSigningConfig", PUT: "UpdateCodeSigningConfig", DELETE: "DeleteCodeSigningConfig" }[method],
      method,
      path: `${SIGNING_CONFIGS}/{CodeSigningConfigArn}`,
      right: method === "GET" ? "read" : "deploy",
      handle({ params }) {
        throw notFound(`The Lambda code signing configuration ${params["CodeSigningConfigArn"]} can not be found.`);
      },
    })),
  ];
}

function refuseSigning(): never {
  throw noCodeSigning();
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

function putRuntime(parts: LambdaDoorParts, call: LambdaCall) {
  const body = bodyOf(call);
  const update = body.text("UpdateRuntimeOn");
  new Constraints().required("updateRuntimeOn", update).oneOf("updateRuntimeOn", update, ["Auto", "Manual", "FunctionUpdate"]).check();
  return runtimeShown(call, changed(parts, call, { updateRuntimeOn: update!, runtimeVersionArn: body.text("RuntimeVersionArn") ?? null }));
}

function runtimeShown({ account }: LambdaCall, { name, updateRuntimeOn, runtimeVersionArn: given, settings }: FunctionRecord) {
  const arn = given ?? (updateRuntimeOn === "Manual" ? runtimeVersionArn(account.region, settings.Runtime) : null);
  return {
    status: 200,
    body: { UpdateRuntimeOn: updateRuntimeOn, RuntimeVersionArn: arn, FunctionArn: functionArn(account, name) },
  };
}
