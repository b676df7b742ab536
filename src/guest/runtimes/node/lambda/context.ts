import type { Invocation } from "../../../agent/invocation/invocation.ts";

export interface LambdaApp {
  app: string;
  memoryMb: number;
}

export type LambdaCallback = (error?: unknown, result?: unknown) => void;

/** The second argument of a Lambda handler. `done`, `fail` and `succeed` call the callback; they are for code from before callbacks existed. */
export function lambdaContext({ app, memoryMb }: LambdaApp, invocation: Invocation, callback: LambdaCallback): object {
  const { id, function: name, revision } = invocation.head;
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: name,
    functionVersion: revision,
    invokedFunctionArn: `arn:aws:lambda:mayfly:000000000000:function:${app}-${name}`,
    memoryLimitInMB: String(memoryMb),
    awsRequestId: id,
    logGroupName: `/mayfly/${app}`,
    logStreamName: revision,
    getRemainingTimeInMillis: () => Math.floor(invocation.remainingMs),
    done: callback,
    fail: (error: unknown) => callback(error ?? new Error("context.fail was called")),
    succeed: (result: unknown) => callback(null, result),
  };
}
