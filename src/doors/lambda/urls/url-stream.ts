/** A streamed reply to a request to a function's URL. If the function gives metadata, they come first, as JSON and eight zero bytes. */
import type { ServerResponse } from "node:http";
import type { AwsError } from "../../../control/lambda/aws-error.ts";
import type { InvocationHandle } from "../../../dispatch/invocation.ts";
import { ReplyWriter } from "../invoke/reply-writer.ts";
import type { Ended, RunSink } from "../invoke/run.ts";
import { streamHead } from "./url-result.ts";

const SEPARATOR = Buffer.alloc(8);
const MOST_METADATA = 262_144;

export interface StreamListener {
  /** Sends the head. @param headers name, value, name, value … */
  begin(status: number, headers: string[]): void;
  /** The function has failed, or what it gave is no reply. */
  failed(): void;
  refused(error: AwsError): void;
  over(): void;
}

export class UrlStream implements RunSink {
  readonly #response: ServerResponse;
  readonly #listener: StreamListener;
  readonly #writer: ReplyWriter;
  /** The metadata as far as they have arrived; null if they are complete, or none come. */
  #metadata: Buffer | null = null;
  #handle: InvocationHandle | undefined;
  /** Bytes of metadata that the function was not granted again. */
  #untold = 0;
  #isFailure = false;
  #isOver = false;

  constructor(response: ServerResponse, listener: StreamListener) {
    this.#response = response;
    this.#listener = listener;
    this.#writer = new ReplyWriter(response);
  }

  of(handle: InvocationHandle): void {
    this.#handle = handle;
    this.#writer.of(handle);
    handle.consumed(this.#untold);
  }

  head(isFailure: boolean, hasMetadata: boolean): void {
    this.#isFailure = isFailure;
    if (isFailure) return;
    if (hasMetadata) this.#metadata = Buffer.alloc(0);
    else this.#begin(200, ["content-type", "application/octet-stream"]);
  }

  data(chunk: Buffer): void {
    if (this.#isFailure || this.#isOver) return this.#grant(chunk.length);
    const body = this.#metadata === null ? chunk : this.#takeMetadata(this.#metadata, chunk);
    if (body !== null && body.length > 0) this.#writer.write(Buffer.from(body), body.length);
  }

  ended({ failure }: Ended): void {
    if (this.#isOver) return;
    // What has begun is cut off, so that the client sees that it is not whole.
    if (failure !== null || this.#metadata !== null) return this.#fail();
    this.#isOver = true;
    this.#writer.end();
    this.#listener.over();
  }

  refused(error: AwsError): void {
    if (!this.#isOver) this.#listener.refused(error);
    this.#isOver = true;
  }

  /** Returns the bytes after the metadata; null while these are not complete. */
  #takeMetadata(before: Buffer, chunk: Buffer): Buffer | null {
    const all = Buffer.concat([before, chunk]);
    const end = all.indexOf(SEPARATOR, Math.max(0, before.length - SEPARATOR.length));
    if (end < 0 && all.length <= MOST_METADATA) {
      this.#metadata = all;
      this.#grant(chunk.length);
      return null;
    }
    const head = end < 0 ? null : streamHead(all.toString("utf8", 0, end));
    if (head === null) {
      this.#fail();
      return null;
    }
    this.#metadata = null;
    const body = all.subarray(end + SEPARATOR.length);
    this.#grant(chunk.length - Math.min(chunk.length, body.length));
    this.#begin(head.status, head.headers);
    return body;
  }

  #begin(status: number, headers: string[]): void {
    if (this.#writer.isGone) return;
    this.#listener.begin(status, headers);
    this.#response.flushHeaders();
  }

  #fail(): void {
    this.#isOver = true;
    this.#listener.failed();
  }

  #grant(bytes: number): void {
    if (this.#handle === undefined) this.#untold += bytes;
    else this.#handle.consumed(bytes);
  }
}
