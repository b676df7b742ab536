/** The stream that a streaming Lambda function writes its reply to. The reply's head is sent with the first byte. */
import { Writable } from "node:stream";
import { INTEGRATION_RESPONSE } from "../../../../wire/protocol.ts";
import type { Invocation } from "../../../agent/invocation/invocation.ts";
import type { Outlet } from "../../../agent/invocation/outlet.ts";
import { lambdaHeaders } from "./reply.ts";

export interface StreamMetadata {
  statusCode?: number;
  headers?: unknown;
  multiValueHeaders?: unknown;
  cookies?: unknown;
}

export class ResponseStream extends Writable {
  readonly #invocation: Invocation;
  #metadata: StreamMetadata | null = null;
  #contentType = "application/octet-stream";
  #outlet: Outlet | null = null;

  constructor(invocation: Invocation) {
    super();
    this.#invocation = invocation;
    invocation.onAbort = (reason) => void this.destroy(reason);
  }

  /** `awslambda.HttpResponseStream.from`. */
  static from(stream: ResponseStream, metadata: StreamMetadata): ResponseStream {
    stream.#metadata = metadata;
    return stream;
  }

  setContentType(type: string): void {
    this.#contentType = type;
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    const outlet = this.#begun();
    if (outlet === null) return done(this.#refusal());
    if (outlet.write(chunk)) done();
    else outlet.onDrain = done;
  }

  override _final(done: (error?: Error) => void): void {
    const outlet = this.#begun();
    outlet?.end();
    done(outlet === null ? this.#refusal() : undefined);
  }

  #begun(): Outlet | null {
    this.#outlet ??= this.#invocation.head.isEvent ? this.#beginResult() : this.#beginReply(this.#metadata ?? {});
    return this.#outlet;
  }

  #beginReply(metadata: StreamMetadata): Outlet | null {
    return this.#invocation.begin(metadata.statusCode ?? 200, lambdaHeaders(metadata, this.#contentType));
  }

  /**
   * Begins the reply to an event. The one who invokes a Lambda function for a stream gets its metadata before the body, followed by eight
   * zero bytes.
   */
  #beginResult(): Outlet | null {
    const outlet = this.#invocation.begin(200, this.#metadata === null ? [] : ["content-type", INTEGRATION_RESPONSE]);
    if (this.#metadata !== null) outlet?.write(Buffer.from(`${JSON.stringify(this.#metadata)}${"\0".repeat(8)}`));
    return outlet;
  }

  #refusal(): Error {
    return this.#invocation.abortReason ?? new Error("the reply was refused: its head is no good, or the invocation has failed");
  }
}
