/** Turns what a program posted as its response to an invocation into the invocation's reply. */
import type { IncomingMessage } from "node:http";
import type { Failures } from "../../agent/invocation/failures.ts";
import type { Invocation } from "../../agent/invocation/invocation.ts";
import { lambdaReply } from "../node/lambda/reply.ts";
import { cutError } from "./reported-error.ts";
import { type ApiCall, type ApiError, accept, answerEarly, collect } from "./runtime-api.ts";
import { StreamedAnswer, isPrelude } from "./streamed-answer.ts";

/** Bytes of a response that is not streamed. AWS takes 6 MB; a larger one has to be streamed. */
const WHOLE_BYTES = 16_777_216;

const tooLarge: ApiError = {
  status: 413,
  errorType: "RequestEntityTooLarge",
  errorMessage: `A response that is not streamed has at most ${WHOLE_BYTES} bytes`,
};

/** @param over called once, when the program's response is complete or given up */
export function takeResponse(call: ApiCall, invocation: Invocation, failures: Failures, over: () => void): void {
  if (isStreamed(call.request)) return new StreamedAnswer(call, invocation, failures, over).begin();
  collect(call.request, WHOLE_BYTES, (body) => {
    if (body === "too-large") {
      failures.badResponse(invocation, `a response of more than ${WHOLE_BYTES} bytes that is not streamed`);
      answerEarly(call, tooLarge);
    } else if (body === "cut") {
      failures.reported(invocation, cutError());
    } else {
      replyWhole(invocation, body, failures);
      accept(call);
    }
    over();
  });
}

function isStreamed({ headers }: IncomingMessage): boolean {
  return headers["lambda-runtime-function-response-mode"] === "streaming" || isPrelude(headers);
}

function replyWhole(invocation: Invocation, body: Buffer, failures: Failures): void {
  if (invocation.aborted) return invocation.settle();
  if (invocation.head.isEvent) return invocation.reply(200, [], body);
  if (body.length === 0) return invocation.reply(200, [], null);
  try {
    const { status, headers, body: content } = lambdaReply(JSON.parse(body.toString()));
    invocation.reply(status, headers, content);
  } catch (error) {
    failures.badResponse(invocation, `a response that is not JSON: ${(error as Error).message}`);
  }
}
