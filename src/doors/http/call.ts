/**
 * One request and its reply.
 *
 * 1. Exactly one of these ends the call and sets `#over`: the reply is complete, the reply failed, or the client disconnected. After that,
 *    nothing is sent to either side.
 * 2. The guest is granted credit for reply bytes when the socket has taken them, one write at a time: a slow client delays only its own
 *    stream.
 * 3. If a body contradicts its content-length, the connection is closed, because the client could not tell where the body ends.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Dispatcher, InvocationHandle, InvocationReply, InvocationRequest } from "../../dispatch/invocation.ts";
import type { Ranges } from "../../base/network/addresses.ts";
import type { Gate } from "../access/gate.ts";
import type { ErrorCode } from "../../base/errors/table.ts";
import { type ErrorDetails, MayflyError } from "../../base/errors/error.ts";
import { PacedWriter } from "../../wire/paced-writer.ts";
import { Connection, type OnConnection } from "./connection.ts";
import { INVOCATION_HEADER, replyHeaders, serverTiming, withGatewaysOwn } from "./reply-headers.ts";
import type { TraceContexts } from "../../telemetry/trace-context.ts";
import { forCallers } from "./for-callers.ts";
import { refuse } from "./refuse.ts";
import type { UrlDoor } from "../lambda/urls/url-door.ts";
import type { Route, RouteTable } from "./routes.ts";
import { Upload } from "./upload.ts";
import type { Watch } from "./watch.ts";
import type { InvocationTiming } from "../../telemetry/platform-event.ts";

export interface CallContext {
  readonly dispatcher: Dispatcher;
  readonly routes: RouteTable;
  /** Who may call the functions that are not for everybody. */
  readonly gate: Gate;
  readonly timingHeaders: boolean;
  readonly proto: "http" | "https";
  /** The proxies whose X-Forwarded-… headers are believed. */
  readonly trusted: Ranges;
  readonly watch: Watch;
  readonly traces: TraceContexts;
  /** Answers requests to functions' URLs; undefined: there are none. */
  readonly urls: UrlDoor | undefined;
  /** Whether every reply ends its connection, because the gateway is closing. */
  closing: boolean;
}

/** Bodies of at most this many bytes are sent as a string, which node:http joins with the head into one write. */
const JOIN_UP_TO = 16_384;

export class Call implements InvocationReply, OnConnection {
  readonly #context: CallContext;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #route: Route;
  readonly #connection: Connection;
  /** Headers that the reply gets in place of the function's. */
  readonly #more: readonly string[];
  #handle: InvocationHandle | null = null;
  #failedAtOnce: MayflyError | null = null;
  #upload: Upload | null = null;
  #writer: PacedWriter | null = null;
  /** How many body bytes the content-length still promises; -1 if the reply has no content-length. */
  #promised = -1;
  #bodyless = false;
  #over = false;

  /** @param more headers that every reply gets, and no function may set: name, value, name, value … */
  constructor(context: CallContext, request: IncomingMessage, response: ServerResponse, route: Route, more: readonly string[] = []) {
    this.#context = context;
    this.#more = more;
    this.#request = request;
    this.#response = response;
    this.#route = route;
    this.#connection = Connection.of(request.socket);
    this.#connection.begins(this);
  }

  start(invocation: InvocationRequest): void {
    const handle = this.#context.dispatcher.dispatch(invocation, this);
    this.#handle = handle;
    if (this.#failedAtOnce !== null) this.#fail(this.#failedAtOnce);
    else if (invocation.body === "stream") this.#startUpload(handle);
  }

  head(status: number, headers: string[], body: Buffer, ended: boolean, timing: InvocationTiming): void {
    if (this.#over) return;
    this.#bodyless = status === 204 || status === 304 || this.#request.method === "HEAD";
    const reply = replyHeaders(headers, status !== 204, this.#context.timingHeaders);
    if (typeof reply === "string") return this.#badResponse(reply);
    const { contentLength } = reply;
    const list = this.#more.length === 0 ? reply.list : withGatewaysOwn(reply.list, this.#more);
    if (ended && contentLength === -1 && status !== 204 && !(this.#bodyless && body.length === 0))
      list.push("content-length", String(body.length));
    if (!this.#bodyless) this.#promised = contentLength;
    if (this.#breaksPromise(body.length, ended)) return this.#badResponse("its content-length is not that of its body");
    this.#addOwnHeaders(list, timing);
    try {
      this.#response.writeHead(status, list);
    } catch {
      // The error's own message would quote the header.
      return this.#badResponse("HTTP cannot carry its status or its headers");
    }
    if (ended) this.#replyWhole(body);
    else this.#replyStreamed(body);
  }

  data(chunk: Buffer): void {
    if (this.#over) return;
    if (this.#breaksPromise(chunk.length, false)) return this.#cut();
    this.#write(chunk);
  }

  end(): void {
    if (this.#over) return;
    if (this.#promised > 0) return this.#cut();
    this.#finish();
    const writer = this.#writer;
    if (writer === null) this.#response.end();
    else writer.end(() => this.#response.end());
  }

  fail(code: ErrorCode, details: ErrorDetails): void {
    if (this.#over) return;
    const error = new MayflyError(code, forCallers(code, details));
    // Inside dispatch() the invocation has no id yet that the caller could be told.
    if (this.#handle === null) this.#failedAtOnce = error;
    else this.#fail(error);
  }

  drain(): void {
    if (!this.#over) this.#upload?.drain();
  }

  waitingSince(): number {
    return this.#upload?.waitingSince ?? Infinity;
  }

  tooSlow(): void {
    this.#handle?.abort();
    this.#fail(new MayflyError("request-timeout", { ms: this.#context.watch.idleMs }));
  }

  malformed(mistake: MayflyError): boolean {
    if (this.#response.headersSent) return false;
    this.#handle?.abort();
    this.#finish();
    refuse(this.#response, mistake, this.#handle?.id, true, this.#more);
    return true;
  }

  clientGone(): void {
    this.#finish();
    this.#handle?.abort();
  }

  #startUpload(handle: InvocationHandle): void {
    if (this.#over) return;
    const { watch } = this.#context;
    this.#upload = new Upload(this.#request, handle, watch, this.#route.bodyLimitBytes, () => this.#bodyTooLarge(handle));
  }

  #bodyTooLarge(handle: InvocationHandle): void {
    handle.abort();
    this.#fail(new MayflyError("body-too-large", { limit: this.#route.bodyLimitBytes }));
  }

  #addOwnHeaders(list: string[], timing: InvocationTiming): void {
    if (this.#context.timingHeaders) {
      if (this.#handle !== null) list.push(INVOCATION_HEADER, this.#handle.id);
      list.push("server-timing", serverTiming(timing));
    }
    if (this.#context.closing) list.push("connection", "close");
  }

  #replyWhole(body: Buffer): void {
    this.#finish();
    if (this.#bodyless || body.length === 0) this.#response.end();
    else if (body.length <= JOIN_UP_TO) this.#response.end(body.toString("latin1"), "latin1");
    else this.#response.end(body);
  }

  #replyStreamed(body: Buffer): void {
    this.#writer = new PacedWriter(
      (bytes, taken) => this.#response.write(bytes, taken),
      (bytes) => {
        if (!this.#over) this.#handle?.consumed(bytes);
      },
    );
    if (body.length > 0) this.#write(body);
    else this.#response.flushHeaders();
  }

  #write(chunk: Buffer): void {
    if (this.#bodyless) this.#handle?.consumed(chunk.length);
    else this.#writer?.write(chunk);
  }

  /** Whether the body contradicts its content-length. Also subtracts the bytes from what is still promised. */
  #breaksPromise(bytes: number, ended: boolean): boolean {
    if (this.#promised === -1) return false;
    this.#promised -= bytes;
    return this.#promised < 0 || (ended && this.#promised > 0);
  }

  #badResponse(what: string): void {
    this.#handle?.abort();
    this.#fail(new MayflyError("bad-response", { app: this.#route.appName, function: this.#route.function, what }));
  }

  #fail(error: MayflyError): void {
    if (this.#response.headersSent) return this.#cut();
    this.#finish();
    refuse(this.#response, error, this.#handle?.id, this.#context.closing, this.#more);
  }

  #cut(): void {
    this.#finish();
    this.#handle?.abort();
    this.#response.destroy();
  }

  #finish(): void {
    this.#over = true;
    this.#connection.ended(this);
    this.#upload?.abandon();
  }
}
