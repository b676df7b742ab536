/** Finds the functions that executions call. */
import { AwsError } from "../../../control/lambda/aws-error.ts";
import type { Invokable, Invokables } from "../../../control/lambda/invokables.ts";
import type { Account } from "../../../control/lambda/names.ts";
import type { Checkpoint } from "../../../durable/executions.ts";
import type { OperationUpdate } from "../../../durable/operation.ts";
import type { LambdaStore } from "../../../store/lambda/lambda-store.ts";
import { readNamed } from "../read-name.ts";
import { calleeOf } from "./start.ts";

export interface CalleeParts {
  invokables: Invokables;
  store: Pick<LambdaStore, "functions">;
}

/** For each update that calls a function. Which one is not there, or not the caller's, is a failure of the call and no error of the checkpoint. */
export function calleesOf(parts: CalleeParts, account: Account, app: string, updates: readonly OperationUpdate[]): Checkpoint["callees"] {
  const calls = updates.filter(({ Type, Action }) => Type === "CHAINED_INVOKE" && Action === "START");
  return Object.fromEntries(calls.map((update) => [update.Id, calleeIn(parts, account, app, update)]));
}

function calleeIn(
  parts: CalleeParts,
  account: Account,
  app: string,
  { ChainedInvokeOptions }: OperationUpdate,
): Checkpoint["callees"][string] {
  const { FunctionName = "", TenantId } = ChainedInvokeOptions ?? {};
  try {
    const invokable = parts.invokables.find(account, readNamed(account, FunctionName), TenantId);
    if (mayCall(parts, account, app, invokable)) return calleeOf(account, invokable, TenantId);
    return { error: { ErrorType: "AccessDeniedException", ErrorMessage: `The function ${FunctionName} is of another app.` } };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return { error: { ErrorType: error.name, ErrorMessage: error.message } };
  }
}

/** Functions of the same app; and functions of the Lambda API, each of which is an app of its own, call each other within their tenant. */
function mayCall({ store }: CalleeParts, { tenant }: Account, app: string, callee: Invokable): boolean {
  if (callee.app === app) return true;
  return store.functions.get(tenant, "", callee.name) !== undefined;
}
