/** Invoke of a durable function: starts an execution, and waits for its end if the caller does. */
import { randomUUID } from "node:crypto";
import { MayflyError } from "../../../base/errors/error.ts";
import { AwsError, invalidValue } from "../../../control/lambda/aws-error.ts";
import type { Invokable } from "../../../control/lambda/invokables.ts";
import type { Account } from "../../../control/lambda/names.ts";
import { executionArn } from "../../../durable/arn.ts";
import type { EndedExecution, Executions } from "../../../durable/executions.ts";
import type { Callee } from "../../../durable/store/checkpoint.ts";
import { usualDurable } from "../../../store/catalog/durable-schema.ts";
import { LATEST } from "../../../store/lambda/lambda-store.ts";
import { Constraints } from "../constraints.ts";
import { busy } from "../read-body.ts";
import type { Run } from "../invoke/run.ts";

/** The `call` of an execution: how its function is found again. */
export interface DurableCall {
  account: Account;
  name: string;
  /** As its app names it. */
  inner?: string | undefined;
  /** Undefined: the newest code. */
  qualifier?: string | undefined;
  tenantId?: string | undefined;
}

/** Seconds: a caller does not wait for longer. */
export const MOST_WAIT_S = 900;
const MOST_CALL_MS = 900_000;
const DAY_MS = 86_400_000;

/** What is called, as the execution keeps it. */
export function calleeOf(
  account: Account,
  { app, name, function: inner, version, functionArn, settings }: Invokable,
  tenantId: string | undefined,
  traceId?: string,
): Callee {
  const { DurableConfig: durable } = settings;
  const call: DurableCall = {
    account,
    name,
    inner,
    ...(version !== LATEST && { qualifier: version }),
    ...(tenantId !== undefined && { tenantId }),
  };
  const retentionDays = durable?.RetentionPeriodInDays ?? usualDurable.retentionDays;
  return {
    app,
    function: name,
    version,
    isDurable: durable !== undefined,
    // A plain function ends by its own time-out; this is for one that never gets a machine.
    timeoutMs: durable === undefined ? DAY_MS : 1_000 * durable.ExecutionTimeout,
    keepMs: durable === undefined ? MOST_CALL_MS : retentionDays * DAY_MS,
    about: {
      functionArn,
      call,
      executionTimeoutS: durable?.ExecutionTimeout ?? 0,
      retentionDays,
      ...(traceId !== undefined && { traceId }),
    },
  };
}

export interface Started {
  id: string;
  arn: string;
}

/** Rejects with DurableExecutionAlreadyStartedException, TooManyRequestsException and ServiceException. @param isAwaited whether the caller waits for the end */
export async function startExecution(
  executions: Pick<Executions, "start">,
  account: Account,
  wished: string | undefined,
  { invokable, payload, trace, tenantId }: Run,
  isAwaited: boolean,
): Promise<Started> {
  new Constraints()
    .length("durableExecutionName", wished, 1, 64)
    .pattern("durableExecutionName", wished, "[a-zA-Z0-9-_]+", /^[a-zA-Z0-9-_]+$/)
    .check();
  const { ExecutionTimeout = 0 } = invokable.settings.DurableConfig ?? {};
  if (isAwaited && ExecutionTimeout > MOST_WAIT_S)
    throw invalidValue("You cannot synchronously invoke a durable function with an executionTimeout greater than 15 minutes.");
  const name = wished ?? randomUUID();
  const callee = calleeOf(account, invokable, tenantId, trace.header);
  const input = payload.length === 0 ? undefined : payload.toString();
  try {
    const { id } = await executions.start({ ...callee, name, input, trace: trace.trace });
    return { id, arn: executionArn({ functionArn: invokable.functionArn, version: invokable.version, name, id }) };
  } catch (error) {
    throw refusalOf(error, name);
  }
}

function refusalOf(error: unknown, name: string): unknown {
  if (!(error instanceof MayflyError)) return error;
  if (error.code === "execution-exists")
    return new AwsError(
      "DurableExecutionAlreadyStartedException",
      `A durable execution with the name ${name} already exists with a different input.`,
    );
  if (error.code === "too-many-executions" || error.code === "store-busy" || error.code === "shutting-down") return busy();
  return new AwsError("ServiceException", error.message);
}

/** What Invoke answers of an execution that has ended. */
export function payloadOf({ status, result, error = {} }: EndedExecution): { payload: Buffer; isFailure: boolean } {
  if (status === "SUCCEEDED") return { payload: Buffer.from(result ?? "null"), isFailure: false };
  const { ErrorMessage: errorMessage, ErrorType: errorType, ErrorData: errorData, StackTrace: stackTrace } = error;
  return { payload: Buffer.from(JSON.stringify({ errorMessage, errorType, errorData, stackTrace })), isFailure: true };
}
