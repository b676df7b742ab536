/** The reply of InvokeWithResponseStream. */
import type { ServerResponse } from "node:http";
import type { AwsError } from "../../../control/lambda/aws-error.ts";
import type { InvocationHandle } from "../../../dispatch/invocation.ts";
import { completionFrame, payloadFrames } from "./event-stream.ts";
import { ReplyWriter } from "./reply-writer.ts";
import type { Ended, RunSink } from "./run.ts";

export class EventStreamReply implements RunSink {
  readonly #response: ServerResponse;
  readonly #begin: () => void;
  readonly #refuse: (error: AwsError) => void;
  readonly #writer: ReplyWriter;
  /** The function's document of its failure, which is a frame's. */
  readonly #document: Buffer[] = [];
  #isFailure = false;

  /** @param begin sends the head @param refuse answers in the place of all else */
  constructor(response: ServerResponse, begin: () => void, refuse: (error: AwsError) => void) {
    this.#response = response;
    this.#begin = begin;
    this.#refuse = refuse;
    this.#writer = new ReplyWriter(response);
  }

  of(handle: InvocationHandle): void {
    this.#writer.of(handle);
  }

  head(isFailure: boolean): void {
    this.#isFailure = isFailure;
    this.#start();
  }

  data(chunk: Buffer): void {
    if (!this.#isFailure) for (const { bytes, own } of payloadFrames(chunk)) this.#writer.write(bytes, own);
    else if (this.#document.length < MOST_PIECES) this.#document.push(Buffer.from(chunk));
  }

  ended({ failure, log }: Ended): void {
    this.#start();
    const details =
      failure === "reported" ? Buffer.concat(this.#document).toString() : failure === null ? undefined : JSON.stringify(failure);
    const failed = details === undefined ? {} : { ErrorCode: "Unhandled", ErrorDetails: details };
    this.#writer.write(completionFrame({ ...failed, ...(log !== undefined && { LogResult: log }) }), 0);
    this.#writer.end();
  }

  refused(error: AwsError): void {
    if (this.#response.headersSent) this.#response.destroy();
    else this.#refuse(error);
  }

  #start(): void {
    if (!this.#response.headersSent && !this.#writer.isGone) this.#begin();
  }
}

/** The first window of a reply, in which an ordinary document is. More is not asked for. */
const MOST_PIECES = 64;
