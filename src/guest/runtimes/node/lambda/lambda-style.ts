/** `export const handler = async (event, context)`, with a callback, or streaming. */
import type { Failures } from "../../../agent/invocation/failures.ts";
import type { Invocation } from "../../../agent/invocation/invocation.ts";
import type { Runner } from "../handlers/runner.ts";
import { collectBody } from "../web/incoming-body.ts";
import { describe } from "../../../agent/log/describe.ts";
import { ResetCode } from "../../../../wire/protocol.ts";
import { NativeResponse } from "../web/native.ts";
import { isForeignResponse } from "../handlers/foreign-response.ts";
import { sendResponse } from "../handlers/send-response.ts";
import { explainTimeout, saysNothing } from "./completion.ts";
import { type LambdaApp, type LambdaCallback, lambdaContext } from "./context.ts";
import { eventMakerOf } from "./event-forms.ts";
import { lambdaReply, resultOf } from "./reply.ts";
import { ResponseStream } from "./response-stream.ts";

export type LambdaHandler = (event: unknown, ...rest: unknown[]) => unknown;

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
  // With several invocations at a time, a variable of the process could not say which of them it is about.
  const tracesByVariable = app.facts !== undefined && app.concurrency === 1;
  return (invocation) => {
    if (tracesByVariable) process.env["_X_AMZN_TRACE_ID"] = invocation.head.lambda?.traceId ?? "";
    const { isEvent, event } = invocation.head;
    if (!isEvent && eventMakerOf(invocation.head) === undefined) {
      return invocation.fail(ResetCode.Refused, `this agent makes no Lambda events of the form ${event}`);
    }
    const start = (body: Buffer) => run(app, handler, failures, invocation, eventOf(invocation, app, body));
    const failed = (error: unknown) => failures.threw(invocation, error);
    if (invocation.hasEmptyBody) start(Buffer.alloc(0));
    else collectBody(invocation).then(start).catch(failed);
  };
}

/** @throws SyntaxError if an event's payload is not JSON */
function eventOf({ head }: Invocation, { app }: LambdaApp, body: Buffer): unknown {
  if (!head.isEvent) return eventMakerOf(head)!(head, app, body);
  // Lambda gives an empty object to a function that is invoked without a payload.
  return body.length === 0 ? {} : (JSON.parse(body.toString()) as unknown);
}

function runBuffered(app: LambdaApp, handler: LambdaHandler, failures: Failures, invocation: Invocation, event: unknown): void {
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
    else if (isEmitter(result)) failures.badResponse(invocation, describe(result), unserialisable);
    else sendReply(invocation, result, failures);
  } catch (error) {
    failures.threw(invocation, error);
  }
}

function runStreaming(app: LambdaApp, handler: LambdaHandler, failures: Failures, invocation: Invocation, event: unknown): void {
  const stream = new ResponseStream(invocation);
  stream.on("error", (error) => failures.threw(invocation, error));
  const context = lambdaContext(app, invocation, () => {});
  void new Promise((resolve) => resolve(handler(event, stream, context))).catch((error: unknown) => failures.threw(invocation, error));
}

function sendReply(invocation: Invocation, value: unknown, failures: Failures): void {
  if (isResponse(value)) return sendResponse(invocation, value, failures);
  try {
    if (invocation.head.isEvent) return invocation.reply(200, [], resultOf(value));
    const { status, headers, body } = lambdaReply(value);
    invocation.reply(status, headers, body);
  } catch (error) {
    // The value is, for example, one that JSON can't hold.
    failures.badResponse(invocation, String(error), unserialisable);
  }
}

/** As AWS's runtime has it. */
const unserialisable = { errorType: "Runtime.JSONStringifyError", errorMessage: "Unable to stringify response body", trace: [] };

/** Whether a Lambda handler returned a Response, which a Web framework may have made. */
function isResponse(value: unknown): boolean {
  return value instanceof NativeResponse || isForeignResponse(value);
}

/** Whether it is a server, a stream or the like, which is not a result even if JSON can hold it. */
function isEmitter(value: unknown): boolean {
  return typeof value === "object" && value !== null && "on" in value && typeof value.on === "function";
}

function isThenable(value: unknown): value is Promise<unknown> {
  return (
    ((typeof value === "object" && value !== null) || typeof value === "function") && "then" in value && typeof value.then === "function"
  );
}
