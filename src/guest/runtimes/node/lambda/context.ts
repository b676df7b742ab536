import type { Invocation } from "../../../agent/invocation/invocation.ts";

export interface LambdaApp {
  app: string;
  version: string;
  memoryMb: number;
}

export type LambdaCallback = (error?: unknown, result?: unknown) => void;

/** The second argument of a Lambda handler. `done`, `fail` and `succeed` are the callback by other names, as old code has it. */
export function lambdaContext({ app, version, memoryMb }: LambdaApp, invocation: Invocation, callback: LambdaCallback): object {
  const { id, function: name } = invocation.head;
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: name,
    functionVersion: version,
    invokedFunctionArn: `arn:aws:lambda:mayfly:000000000000:function:${app}-${name}`,
    memoryLimitInMB: String(memoryMb),
    awsRequestId: id,
    logGroupName: `/mayfly/${app}`,
    logStreamName: version,
    getRemainingTimeInMillis: () => Math.floor(invocation.remainingMs),
    done: callback,
    fail: (error: unknown) => callback(error ?? new Error("context.fail was called")),
    succeed: (result: unknown) => callback(null, result),
  };
}
