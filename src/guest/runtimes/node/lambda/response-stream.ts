/** The stream that a streaming Lambda function writes its reply to. The head leaves with the first byte. */
import { Writable } from "node:stream";
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
  #metadata: StreamMetadata = {};
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
    const { statusCode = 200 } = this.#metadata;
    this.#outlet ??= this.#invocation.begin(statusCode, lambdaHeaders(this.#metadata, this.#contentType));
    return this.#outlet;
  }

  #refusal(): Error {
    return this.#invocation.abortReason ?? new Error("the reply was refused: its head is no good, or the invocation has failed");
  }
}
