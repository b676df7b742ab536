/** `export const handler = async (event, context)`, with a callback, or streaming. */
import type { Failures } from "../../../agent/invocation/failures.ts";
import type { Invocation } from "../../../agent/invocation/invocation.ts";
import type { Runner } from "../handlers/runner.ts";
import { collectBody } from "../web/incoming-body.ts";
import { describe } from "../../../agent/log/describe.ts";
import { NativeResponse } from "../web/native.ts";
import { isForeignResponse } from "../handlers/foreign-response.ts";
import { sendResponse } from "../handlers/send-response.ts";
import { explainTimeout, saysNothing } from "./completion.ts";
import { type LambdaApp, type LambdaCallback, lambdaContext } from "./context.ts";
import { lambdaEvent } from "./event.ts";
import { lambdaReply } from "./reply.ts";
import { ResponseStream } from "./response-stream.ts";

export type LambdaHandler = (event: object, ...rest: unknown[]) => unknown;

const streaming = Symbol.for("aws.lambda.runtime.handler.streaming");

/** The global that streaming functions use, as in AWS Lambda. */
export function installAwsLambda(): void {
  const awslambda = {
    streamifyResponse: (handler: LambdaHandler) => Object.assign(handler, { [streaming]: "response" }),
    HttpResponseStream: ResponseStream,
  };
  Object.defineProperty(globalThis, "awslambda", { value: awslambda, writable: true, configurable: true, enumerable: false });
}

export function lambdaRunner(app: LambdaApp, handler: LambdaHandler, failures: Failures): Runner {
  const run = streaming in handler ? runStreaming : runBuffered;
  return (invocation) => {
    const start = (body: Buffer) => run(app, handler, failures, invocation, lambdaEvent(invocation.head, app.app, body));
    if (invocation.hasEmptyBody) start(Buffer.alloc(0));
    else collectBody(invocation).then(start, (error: unknown) => failures.threw(invocation, error));
  };
}

function runBuffered(app: LambdaApp, handler: LambdaHandler, failures: Failures, invocation: Invocation, event: object): void {
  const callback: LambdaCallback = (error, result) => {
    if (error !== undefined && error !== null) failures.threw(invocation, error);
    else sendReply(invocation, result, failures);
  };
  try {
    const result = handler(event, lambdaContext(app, invocation, callback), callback);
    if (isThenable(result))
      result.then(
        (value) => sendReply(invocation, value, failures),
        (error: unknown) => failures.threw(invocation, error),
      );
    else if (!isResponse(result) && saysNothing(result, handler)) explainTimeout(invocation, failures);
    else if (isEmitter(result)) failures.badResponse(invocation, describe(result));
    else sendReply(invocation, result, failures);
  } catch (error) {
    failures.threw(invocation, error);
  }
}

function runStreaming(app: LambdaApp, handler: LambdaHandler, failures: Failures, invocation: Invocation, event: object): void {
  const stream = new ResponseStream(invocation);
  stream.on("error", (error) => failures.threw(invocation, error));
  const context = lambdaContext(app, invocation, () => {});
  void new Promise((resolve) => resolve(handler(event, stream, context))).catch((error: unknown) => failures.threw(invocation, error));
}

function sendReply(invocation: Invocation, value: unknown, failures: Failures): void {
  if (isResponse(value)) return sendResponse(invocation, value, failures);
  try {
    const { status, headers, body } = lambdaReply(value);
    invocation.reply(status, headers, body);
  } catch (error) {
    // For example a value that JSON can't hold.
    failures.badResponse(invocation, String(error));
  }
}

/** Of a Lambda handler that hands on what a Web framework made. */
function isResponse(value: unknown): boolean {
  return value instanceof NativeResponse || isForeignResponse(value);
}

/** A server, a stream or their like: no result, whatever JSON makes of it. */
function isEmitter(value: unknown): boolean {
  return typeof value === "object" && value !== null && "on" in value && typeof value.on === "function";
}

function isThenable(value: unknown): value is Promise<unknown> {
  return (
    ((typeof value === "object" && value !== null) || typeof value === "function") && "then" in value && typeof value.then === "function"
  );
}
