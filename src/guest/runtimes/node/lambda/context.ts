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
    invokedFunctionArn: functionArn(app, name),
    memoryLimitInMB: String(memoryMb),
    awsRequestId: id,
    logGroupName: logGroup(app),
    logStreamName: revision,
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
