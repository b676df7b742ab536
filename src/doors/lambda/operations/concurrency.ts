import { invalidValue } from "../../../control/lambda/aws-error.ts";
import { provision, provisionedIn, provisionedOf, reserve, unprovision, unreserve } from "../../../control/lambda/concurrency.ts";
import { functionArn } from "../../../control/lambda/names.ts";
import { readyFor } from "../../../control/lambda/provisioning.ts";
import { functionNotFound, type Named, requireFunction } from "../../../control/lambda/require-function.ts";
import { findFunction } from "../../../control/lambda/find-function.ts";
import { LATEST } from "../../../store/lambda/lambda-store.ts";
import type { ProvisionedRecord } from "../../../store/lambda/records.ts";
import type { LambdaCall, LambdaRoute } from "../call.ts";
import { Constraints } from "../constraints.ts";
import type { LambdaDoorParts } from "../door-parts.ts";
import { askedOf, marked, pageOf } from "../pages.ts";
import { namedIn } from "../read-name.ts";
import { bodyOf } from "../read-request.ts";
import { amazonTime } from "../show.ts";

const RESERVED = "/2017-10-31/functions/{FunctionName}/concurrency";
const PROVISIONED = "/2019-09-30/functions/{FunctionName}/provisioned-concurrency";

export function concurrencyRoutes(parts: LambdaDoorParts): LambdaRoute[] {
  return [
    { operation: "PutFunctionConcurrency", method: "PUT", path: RESERVED, right: "deploy", handle: (call) => putReserved(parts, call) },
    {
      operation: "GetFunctionConcurrency",
      method: "GET",
      path: "/2019-09-30/functions/{FunctionName}/concurrency",
      right: "read",
      handle: (call) => getReserved(parts, call),
    },
    {
      operation: "DeleteFunctionConcurrency",
      method: "DELETE",
      path: RESERVED,
      right: "deploy",
      handle: (call) => deleteReserved(parts, call),
    },
    {
      operation: "ListProvisionedConcurrencyConfigs",
      method: "GET",
      path: `${PROVISIONED}?List=ALL`,
      right: "read",
      handle: (call) => listProvisioned(parts, call),
    },
    {
      operation: "PutProvisionedConcurrencyConfig",
      method: "PUT",
      path: PROVISIONED,
      right: "deploy",
      handle: (call) => putProvisioned(parts, call),
    },
    {
      operation: "GetProvisionedConcurrencyConfig",
      method: "GET",
      path: PROVISIONED,
      right: "read",
      handle: (call) => getProvisioned(parts, call),
    },
    {
      operation: "DeleteProvisionedConcurrencyConfig",
      method: "DELETE",
      path: PROVISIONED,
      right: "deploy",
      handle(call) {
        unprovision(parts, call.account, qualifiedIn(call));
        return { status: 204 };
      },
    },
  ];
}

function putReserved(parts: LambdaDoorParts, call: LambdaCall) {
  const { account } = call;
  const { name, qualifier } = namedIn(call);
  const executions = bodyOf(call).integer("ReservedConcurrentExecutions");
  new Constraints()
    .required("reservedConcurrentExecutions", executions)
    .range("reservedConcurrentExecutions", executions, 0, Number.MAX_SAFE_INTEGER)
    .check();
  if (qualifier !== undefined)
    throw invalidValue(
      "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.",
    );
  if (findFunction(parts, account.tenant, name) === undefined) throw functionNotFound(account, { name, qualifier: LATEST });
  return { status: 200, body: { ReservedConcurrentExecutions: reserve(parts, account, name, executions!) } };
}

function getReserved(parts: LambdaDoorParts, call: LambdaCall) {
  const { reserved } = requireFunction(parts, call.account, { name: namedIn(call).name }).record;
  return { status: 200, body: reserved === null ? {} : { ReservedConcurrentExecutions: reserved } };
}

function deleteReserved(parts: LambdaDoorParts, call: LambdaCall) {
  unreserve(parts, call.account, namedIn(call).name);
  return { status: 204 };
}

function qualifiedIn(call: LambdaCall): Named & { qualifier: string } {
  const { name, qualifier } = namedIn(call);
  new Constraints().required("qualifier", qualifier).check();
  return { name, qualifier: qualifier! };
}

function putProvisioned(parts: LambdaDoorParts, call: LambdaCall) {
  const named = qualifiedIn(call);
  const executions = bodyOf(call).integer("ProvisionedConcurrentExecutions");
  new Constraints()
    .required("provisionedConcurrentExecutions", executions)
    .range("provisionedConcurrentExecutions", executions, 1, Number.MAX_SAFE_INTEGER)
    .check();
  return { status: 202, body: provisionedShown(provision(parts, call.account, named, executions!), 0) };
}

/** @param machines that are ready: one has one call at a time */
function provisionedShown({ requested, lastModified }: ProvisionedRecord, machines: number): object {
  const ready = Math.min(machines, requested);
  return {
    RequestedProvisionedConcurrentExecutions: requested,
    AvailableProvisionedConcurrentExecutions: ready,
    AllocatedProvisionedConcurrentExecutions: ready,
    Status: ready < requested ? "IN_PROGRESS" : "READY",
    LastModified: amazonTime(lastModified),
  };
}

function getProvisioned(parts: LambdaDoorParts, call: LambdaCall) {
  const named = qualifiedIn(call);
  const record = provisionedOf(parts, call.account, named);
  return { status: 200, body: provisionedShown(record, readyFor(parts, call.account.tenant, named.name, named.qualifier)) };
}

function listProvisioned(parts: LambdaDoorParts, call: LambdaCall) {
  const { account, query } = call;
  const { name } = namedIn(call);
  const asked = askedOf(query);
  const page = pageOf(provisionedIn(parts, account, name), asked, ({ qualifier }) => qualifier);
  const configs = page.items.map(({ qualifier, record }) =>
    Object.assign(
      { FunctionArn: functionArn(account, name, qualifier) },
      provisionedShown(record, readyFor(parts, account.tenant, name, qualifier)),
    ),
  );
  return { status: 200, body: { ProvisionedConcurrencyConfigs: configs, ...marked(page) } };
}
