/**
 * A response that a program streams (Lambda-Runtime-Function-Response-Mode: streaming). Its bytes are passed on as they come, no faster than the caller takes
 * them.
 *
 * 1. With the content type INTEGRATION_RESPONSE, JSON with status and headers comes first, and eight zero bytes after it.
 * 2. An error in the trailers fails the invocation, and cuts the reply off if it has begun.
 * 3. When nobody wants the reply any more, the program is answered at once, so that it can go on to its next invocation.
 */
import { INTEGRATION_RESPONSE } from "../../../wire/protocol.ts";
import type { IncomingHttpHeaders } from "node:http";
import type { Failures } from "../../agent/invocation/failures.ts";
import type { Invocation } from "../../agent/invocation/invocation.ts";
import type { Outlet } from "../../agent/invocation/outlet.ts";
import { lambdaHeaders } from "../node/lambda/reply.ts";
import { cutError, reportedError } from "./reported-error.ts";
import { type ApiCall, accept, answerEarly } from "./runtime-api.ts";

const SEPARATOR = Buffer.alloc(8);
/** A reply's head has no more bytes than this, so metadata that leads to one that fits has not many more. */
const PRELUDE_BYTES = 262_144;

/** As the program sent it. */
interface Metadata {
  statusCode?: number | string;
  headers?: unknown;
  multiValueHeaders?: unknown;
  cookies?: unknown;
}

export function isPrelude(headers: IncomingHttpHeaders): boolean {
  return headers["content-type"]?.split(";", 1)[0]!.trim().toLowerCase() === INTEGRATION_RESPONSE;
}

export class StreamedAnswer {
  readonly #call: ApiCall;
  readonly #invocation: Invocation;
  readonly #failures: Failures;
  readonly #onOver: () => void;
  /** The metadata as far as it has arrived; null when it is complete, or none is expected. */
  #prelude: Buffer | null;
  #outlet: Outlet | null = null;
  #over = false;

  constructor(call: ApiCall, invocation: Invocation, failures: Failures, onOver: () => void) {
    this.#call = call;
    this.#invocation = invocation;
    this.#failures = failures;
    this.#onOver = onOver;
    // The one who sent an event gets the metadata as it is.
    this.#prelude = isPrelude(call.request.headers) && !invocation.head.isEvent ? Buffer.alloc(0) : null;
  }

  begin(): void {
    const { request } = this.#call;
    if (this.#invocation.aborted) return this.#giveUp();
    this.#invocation.onAbort = () => this.#giveUp();
    request.on("data", (chunk: Buffer) => this.#take(chunk));
    // Lines that the program printed before its last byte are read in the same turn: they are to be logged under the invocation.
    request.on("end", () => setImmediate(() => this.#end()));
    request.on("close", () => setImmediate(() => this.#cut()));
  }

  #take(chunk: Buffer): void {
    if (this.#over) return;
    const body = this.#prelude === null ? chunk : this.#takePrelude(this.#prelude, chunk);
    if (body === null || this.#over) return;
    this.#outlet ??= this.#start({ headers: { "content-type": this.#contentType() } });
    if (this.#outlet === null) return this.#giveUp();
    if (this.#outlet.write(body)) return;
    this.#call.request.pause();
    this.#outlet.onDrain = () => this.#call.request.resume();
  }

  /** Returns the bytes after the metadata; null while the metadata is not complete. */
  #takePrelude(before: Buffer, chunk: Buffer): Buffer | null {
    const all = Buffer.concat([before, chunk]);
    const end = all.indexOf(SEPARATOR, Math.max(0, before.length - SEPARATOR.length));
    if (end < 0 && all.length <= PRELUDE_BYTES) {
      this.#prelude = all;
      return null;
    }
    const metadata = end < 0 ? null : metadataIn(all.subarray(0, end));
    if (metadata === null) {
      this.#refuse("a stream that does not begin with metadata as JSON and eight zero bytes");
      return null;
    }
    this.#prelude = null;
    this.#outlet = this.#start(metadata);
    if (this.#outlet === null) this.#giveUp();
    return all.subarray(end + SEPARATOR.length);
  }

  #contentType(): string {
    return this.#call.request.headers["content-type"] ?? "application/octet-stream";
  }

  /** Null if no reply is wanted any more, or the metadata is none of a reply: it may be anything. */
  #start(metadata: Metadata): Outlet | null {
    try {
      return this.#invocation.begin(Number(metadata.statusCode ?? 200), lambdaHeaders(metadata, "application/octet-stream"));
    } catch (error) {
      this.#refuse(`a stream whose metadata is none of a reply: ${(error as Error).message}`);
      return null;
    }
  }

  #end(): void {
    if (this.#over) return;
    const { trailers } = this.#call.request;
    const type = trailers["lambda-runtime-function-error-type"];
    if (type !== undefined) return this.#fail(type, trailers["lambda-runtime-function-error-body"]);
    if (this.#prelude !== null) return this.#refuse("a stream that ends before its metadata does");
    this.#outlet ??= this.#start({ headers: { "content-type": this.#contentType() } });
    this.#outlet?.end();
    accept(this.#call);
    this.#finish();
  }

  #fail(type: string, body: string | undefined): void {
    this.#failures.reported(this.#invocation, reportedError(Buffer.from(body ?? "", "base64").toString(), type));
    accept(this.#call);
    this.#finish();
  }

  #refuse(what: string): void {
    this.#failures.badResponse(this.#invocation, what);
    this.#giveUp();
  }

  #cut(): void {
    if (this.#over) return;
    this.#failures.reported(this.#invocation, cutError());
    this.#finish();
  }

  #giveUp(): void {
    if (this.#over) return;
    answerEarly(this.#call);
    this.#invocation.settle();
    this.#finish();
  }

  #finish(): void {
    this.#over = true;
    this.#onOver();
  }
}

function metadataIn(bytes: Buffer): Metadata | null {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return typeof value === "object" && value !== null ? value : null;
  } catch {
    return null;
  }
}
