/** The environment of a program that speaks the Runtime API: the app's variables, and those that AWS Lambda sets. */
import type { BindMessage } from "../../../wire/protocol.ts";
import type { ProgramFunction } from "../runtime.ts";
import { logGroup } from "../node/lambda/context.ts";
import { taskRoot } from "../../agent/files/task-root.ts";
import { lambdaEnvironment } from "../../agent/lambda-environment.ts";

/** AWS allows as many on one CPU. Runtimes that read the variable start a thread or a process for each. */
const MOST_AT_ONCE = 64;

/** @param api host and port of the Runtime API */
export function programEnvironment(message: BindMessage, own: ProgramFunction, api: string): Record<string, string> {
  const { name, handler } = own;
  const atOnce = Math.min(message.concurrency ?? 1, MOST_AT_ONCE);
  return {
    ...(process.env as Record<string, string>),
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_LOG_GROUP_NAME: logGroup(message.app),
    AWS_LAMBDA_LOG_STREAM_NAME: message.revision,
    AWS_LAMBDA_INITIALIZATION_TYPE: message.snapshot === true ? "snap-start" : "on-demand",
    ...lambdaEnvironment(own, message.snapshot === true),
    ...message.env,
    // As at AWS, an app can't set these.
    AWS_LAMBDA_RUNTIME_API: api,
    // For a runtime of Node's that a wrapper starts, see control/lambda/wrapped. Other programs have it not, as at AWS.
    ...(own.lambda?.runtime.startsWith("nodejs") === true && { MAYFLY_NODE: process.execPath }),
    LAMBDA_TASK_ROOT: taskRoot,
    _HANDLER: handler,
    // Without this variable, runtimes ask for one invocation at a time.
    ...(atOnce > 1 && { AWS_LAMBDA_MAX_CONCURRENCY: String(atOnce) }),
  };
}
