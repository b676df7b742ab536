/**
 * One call of a function by another, and its reply.
 *
 * 1. `over` is called once, when nothing of the call is under way any more.
 * 2. The body's bytes are taken as the callee takes them, and the reply's as the caller does.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { guarded } from "../../base/errors/guarded.ts";
import { type ErrorDetails, MayflyError } from "../../base/errors/error.ts";
import type { ErrorCode } from "../../base/errors/table.ts";
import type { Dispatcher, InvocationHandle, InvocationReply, InvocationRequest } from "../../dispatch/invocation.ts";
import { PacedWriter } from "../../wire/paced-writer.ts";
import { forCallers } from "../http/for-callers.ts";
import { refuse } from "../http/refuse.ts";
import { INVOCATION_HEADER, keepReplyHeaders } from "../http/reply-headers.ts";

export class InternalCall implements InvocationReply {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #limit: number;
  readonly #onOver: () => void;
  #handle: InvocationHandle | null = null;
  #failedAtOnce: MayflyError | null = null;
  #writer: PacedWriter | null = null;
  #received = 0;
  #over = false;

  /** @param limit of the request's body, bytes */
  constructor(request: IncomingMessage, response: ServerResponse, limit: number, onOver: () => void) {
    this.#request = request;
    this.#response = response;
    this.#limit = limit;
    this.#onOver = onOver;
  }

  start(dispatcher: Dispatcher, invocation: InvocationRequest): void {
    const cut = () => this.#cut();
    this.#response.on("close", guarded(cut, cut));
    this.#handle = dispatcher.dispatch(invocation, this);
    if (this.#failedAtOnce !== null) return this.#fail(this.#failedAtOnce);
    if (invocation.body !== "stream") return;
    this.#request.on(
      "data",
      guarded((chunk: Buffer) => this.#take(chunk), cut),
    );
    this.#request.on(
      "end",
      guarded(() => this.#handle?.end(), cut),
    );
  }

  head(status: number, list: string[], body: Buffer, ended: boolean): void {
    if (this.#over) return;
    const wrong = keepReplyHeaders(list, { keepsLength: status !== 204 && this.#request.method === "HEAD" });
    if (typeof wrong === "string") return this.#fail(new MayflyError("bad-response", forCallers("bad-response", { what: wrong })));
    const isBodyless = status === 204 || status === 304 || this.#request.method === "HEAD";
    if (ended && !isBodyless) list.push("content-length", String(body.length));
    if (this.#handle !== null) list.push(INVOCATION_HEADER, this.#handle.id);
    try {
      this.#response.writeHead(status, list);
    } catch {
      return this.#fail(new MayflyError("bad-response", forCallers("bad-response", { what: "" })));
    }
    if (ended) return this.#end(body);
    this.#writer = new PacedWriter({
      write: (bytes, written) => void this.#response.write(bytes, () => written()),
      taken: (bytes) => {
        if (!this.#over) this.#handle?.consumed(bytes);
      },
    });
    if (body.length > 0) this.data(body);
    else this.#response.flushHeaders();
  }

  data(chunk: Buffer): void {
    if (!this.#over) this.#writer?.write(chunk);
  }

  end(): void {
    if (this.#over) return;
    const writer = this.#writer;
    this.#finish();
    if (writer === null) this.#response.end();
    else writer.end(() => void this.#response.end());
  }

  fail(code: ErrorCode, details: ErrorDetails): void {
    if (this.#over) return;
    const error = new MayflyError(code, forCallers(code, details));
    if (this.#handle === null) this.#failedAtOnce = error;
    else this.#fail(error);
  }

  drain(): void {
    if (!this.#over) this.#request.resume();
  }

  #take(chunk: Buffer): void {
    if (this.#over) return;
    this.#received += chunk.length;
    if (this.#received > this.#limit) {
      this.#handle?.abort();
      return this.#fail(new MayflyError("body-too-large", { limit: this.#limit }));
    }
    if (this.#handle?.write(chunk) === false) this.#request.pause();
  }

  #end(body: Buffer): void {
    this.#finish();
    this.#response.end(body);
  }

  #fail(error: MayflyError): void {
    if (this.#response.headersSent) return this.#cut();
    this.#finish();
    refuse(this.#response, error, this.#handle?.id, !this.#request.complete);
  }

  #cut(): void {
    const wasUnderWay = !this.#over;
    this.#finish();
    if (!wasUnderWay) return;
    this.#handle?.abort();
    this.#response.destroy();
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#onOver();
    // The rest of a body is read, so that the connection can go on.
    this.#request.resume();
  }
}
