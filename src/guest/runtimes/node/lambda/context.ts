import type { BindMessage, LambdaMessage } from "../../../../wire/protocol.ts";
import type { Invocation } from "../../../agent/invocation/invocation.ts";

export interface LambdaApp {
  app: string;
  memoryMb: number;
  /** The most invocations that the machine gets at a time. */
  concurrency?: number;
  env?: Record<string, unknown>;
  /** Absent if the app has none; then the context is as AWS's. */
  bindings?: BindMessage["bindings"];
  /** Of a function that was made by AWS Lambda's API. */
  facts?: LambdaMessage;
}

export type LambdaCallback = (error?: unknown, result?: unknown) => void;

/** The second argument of a Lambda handler. `done`, `fail` and `succeed` call the callback; they are for code from before callbacks existed. */
export function lambdaContext(
  { app, memoryMb, env, bindings, facts }: LambdaApp,
  invocation: Invocation,
  callback: LambdaCallback,
): object {
  const { id, function: name, revision, lambda } = invocation.head;
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: facts?.functionName ?? name,
    functionVersion: facts?.version ?? revision,
    invokedFunctionArn: lambda?.arn ?? facts?.arn ?? functionArn(app, name),
    memoryLimitInMB: String(memoryMb),
    awsRequestId: id,
    logGroupName: facts?.logGroup ?? logGroup(app),
    logStreamName: facts?.logStream ?? revision,
    clientContext: lambda?.client,
    identity: undefined,
    ...(bindings !== undefined && { env }),
    ...(lambda?.tenantId !== undefined && { tenantId: lambda.tenantId }),
    getRemainingTimeInMillis: () => Math.floor(invocation.remainingMs),
    done: callback,
    fail: (error: unknown) => callback(error ?? new Error("context.fail was called")),
    succeed: (result: unknown) => callback(null, result),
  };
}

export function functionArn(app: string, name: string): string {
  return `arn:aws:lambda:mayfly:000000000000:function:${app}-${name}`;
}

export function logGroup(app: string): string {
  return `/mayfly/${app}`;
}
