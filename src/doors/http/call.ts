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
import type { Gate, Granted } from "../access/gate.ts";
import type { ErrorCode } from "../../base/errors/table.ts";
import { type ErrorDetails, MayflyError } from "../../base/errors/error.ts";
import { guarded } from "../../base/errors/guarded.ts";
import { SWITCHING } from "../../wire/head.ts";
import { PacedWriter } from "../../wire/paced-writer.ts";
import { acceptedCoding, type Coding } from "./compression/accepted-coding.ts";
import { compressedHeaders, isCompressible, varying } from "./compression/compressible.ts";
import type { Compression, Compressor } from "./compression/compression.ts";
import type { ClientConnection, OnConnection } from "./connection.ts";
import { writeHints } from "./early-hints.ts";
import { type Noting, noteOn } from "./noted.ts";
import { INVOCATION_HEADER, keepReplyHeaders, serverTiming, withGatewaysOwn } from "./reply-headers.ts";
import type { TraceContexts } from "../../telemetry/trace-context.ts";
import { forCallers } from "./for-callers.ts";
import { refuse } from "./refuse.ts";
import type { Hooks } from "../hooks/hooks.ts";
import type { UrlDoor } from "../lambda/urls/url-door.ts";
import type { Route, RouteTable } from "./routes.ts";
import type { Sites } from "./static/sites.ts";
import { Upload } from "./upload.ts";
import type { Watch } from "./watch.ts";
import type { WebSockets } from "./websocket/web-sockets.ts";
import type { InvocationTiming } from "../../telemetry/platform-event.ts";

export interface CallContext {
  readonly dispatcher: Dispatcher;
  /** Takes calls that are to be run later; undefined: there is nobody who does. */
  readonly later: Dispatcher | undefined;
  /** Takes calls of durable functions; undefined: there is nobody who does. */
  readonly starting: Dispatcher | undefined;
  /** Takes what others send to triggers of apps; undefined: there is nobody who does. */
  readonly hooks: Hooks | undefined;
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
  readonly webSockets: WebSockets;
  /** For the access log; undefined: there is none. */
  readonly noting: Noting | undefined;
  readonly compression: Compression;
  /** The static files of apps; undefined: there are none. */
  readonly sites: Sites | undefined;
  /** Whether the health says that the server is to get no more calls, because it is about to close. */
  draining: boolean;
  /** Whether every reply ends its connection, because the gateway is closing. */
  closing: boolean;
}

const EARLY_HINTS = 103;
const nothing: readonly string[] = [];

/** A request whose route is known. */
interface Called {
  request: IncomingMessage;
  response: ServerResponse;
  route: Route;
  connection: ClientConnection;
}

interface ReplyHead {
  status: number;
  /** Name, value, name, value … */
  headers: string[];
  timing: InvocationTiming;
}

/** Bodies of at most this many bytes are sent as a string, which node:http joins with the head into one write. */
const JOIN_UP_TO = 16_384;

export class Call implements InvocationReply, OnConnection {
  readonly #context: CallContext;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #route: Route;
  readonly #connection: ClientConnection;
  /** Headers that the reply gets in place of the function's. */
  readonly #more: readonly string[];
  readonly #bodySha256: string | undefined;
  #handle: InvocationHandle | null = null;
  #failedAtOnce: MayflyError | null = null;
  #upload: Upload | null = null;
  #writer: PacedWriter | null = null;
  #compressor: Compressor | null = null;
  /** How many body bytes the content-length still promises; -1 if the reply has no content-length. */
  #promised = -1;
  #bodyless = false;
  #over = false;

  /** @param granted what the gate says of the call; null if it was not asked */
  constructor(
    context: CallContext,
    { request, response, route, connection }: Called,
    granted: Pick<Granted, "reply" | "bodySha256"> | null = null,
  ) {
    this.#context = context;
    this.#more = granted === null ? nothing : granted.reply;
    this.#bodySha256 = granted?.bodySha256;
    this.#request = request;
    this.#response = response;
    this.#route = route;
    this.#connection = connection;
    connection.begins(this);
  }

  /** @param reply what the dispatcher tells of the call, if it is not the call itself */
  /** @param dispatcher who takes the call, if it is not run now */
  start(invocation: InvocationRequest, reply: InvocationReply = this, dispatcher: Dispatcher = this.#context.dispatcher): void {
    const handle = dispatcher.dispatch(invocation, reply);
    this.#handle = handle;
    if (this.#context.noting !== undefined) noteOn(this.#response)?.called(handle.id, invocation.trace.traceparent);
    if (this.#failedAtOnce !== null) this.#fail(this.#failedAtOnce);
    else if (invocation.body === "stream" && invocation.input.kind !== "upgrade") this.#startUpload(handle);
  }

  head(status: number, headers: string[], body: Buffer, ended: boolean, timing: InvocationTiming): void {
    if (this.#over) return;
    this.#bodyless = status === 204 || status === 304 || this.#request.method === "HEAD";
    const contentLength = this.#keepHeaders(headers, status !== 204);
    if (typeof contentLength === "string") return this.#badResponse(contentLength);
    const list = this.#more.length === 0 ? headers : withGatewaysOwn(headers, this.#more);
    const hasNoLength = body.length === 0 && (this.#bodyless || this.#request.httpVersionMajor > 1);
    if (ended && contentLength === -1 && status !== 204 && !hasNoLength) list.push("content-length", String(body.length));
    if (!this.#bodyless) this.#promised = contentLength;
    if (this.#breaksPromise(body.length, ended)) return this.#badResponse("its content-length is not that of its body");
    const length = ended && (body.length > 0 || !this.#bodyless) ? body.length : contentLength;
    if (this.#route.compress && isCompressible(status, list, length)) this.#replyVarying({ status, headers: list, timing }, body, ended);
    else if (this.#writeHead(status, list, timing)) this.#replyBody(body, ended);
  }

  data(chunk: Buffer): void {
    if (this.#over) return;
    if (this.#breaksPromise(chunk.length, false)) return this.#cut();
    this.#write(chunk);
  }

  /** HTTP/1.0 knows no interim responses. */
  interim(status: number, given: string[]): void {
    const { httpVersionMajor, httpVersionMinor } = this.#request;
    if (this.#over || this.#response.headersSent || (httpVersionMajor === 1 && httpVersionMinor === 0)) return;
    if (status === EARLY_HINTS) writeHints(this.#response, given);
  }

  end(trailers: string[] = []): void {
    if (this.#over) return;
    if (this.#promised > 0) return this.#cut();
    if (trailers.length > 0) this.#addTrailers(trailers);
    this.#finish();
    const writer = this.#writer;
    const compressor = this.#compressor;
    const end = () => void this.#response.end();
    if (writer === null) end();
    else writer.end(() => (compressor === null ? end() : compressor.end(end)));
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

  #keepHeaders(headers: string[], keepsLength: boolean): number | string {
    return keepReplyHeaders(headers, { keepsLength, timingHeaders: this.#context.timingHeaders, sharesOrigin: this.#route.prefix !== "" });
  }

  clientGone(): void {
    this.#finish();
    this.#handle?.abort();
  }

  /** The function goes on with another protocol: the connection is the call's no more. Returns null if nobody waits for that. */
  switched(given: string[], timing: InvocationTiming): { headers: string[]; handle: InvocationHandle } | null {
    const handle = this.#handle;
    if (this.#over || handle === null) return null;
    const wrong = this.#keepHeaders(given, false);
    if (typeof wrong === "string") {
      this.#badResponse(wrong);
      return null;
    }
    if (this.#context.timingHeaders) given.push(INVOCATION_HEADER, handle.id, "server-timing", serverTiming(timing));
    this.#finish();
    if (this.#context.noting !== undefined) this.#noteSwitch();
    return { headers: given, handle };
  }

  #noteSwitch(): void {
    const note = noteOn(this.#response);
    note?.answered(SWITCHING);
    note?.over(true);
  }

  /** A client of HTTP/1.1 gets them only if it takes them, and if the body is sent in chunks. */
  #addTrailers(pairs: string[]): void {
    const { httpVersionMajor, headers } = this.#request;
    if (httpVersionMajor === 1 && (!/(^|,)\s*trailers\s*(,|$)/i.test(String(headers.te ?? "")) || !this.#response.chunkedEncoding)) return;
    const named = pairs.flatMap((name, at): [string, string][] => (at % 2 === 0 ? [[name, pairs[at + 1]!]] : []));
    this.#response.addTrailers(named);
  }

  #startUpload(handle: InvocationHandle): void {
    if (this.#over) return;
    const { watch } = this.#context;
    const sha256 = this.#bodySha256;
    const wanted = sha256 === undefined ? undefined : { sha256, onOther: () => this.#otherBody(handle) };
    this.#upload = new Upload(this.#request, handle, watch, this.#route.bodyLimitBytes, () => this.#bodyTooLarge(handle), wanted);
  }

  #bodyTooLarge(handle: InvocationHandle): void {
    handle.abort();
    this.#fail(new MayflyError("body-too-large", { limit: this.#route.bodyLimitBytes }));
  }

  #otherBody(handle: InvocationHandle): void {
    handle.abort();
    const { appName: app, function: name } = this.#route;
    this.#fail(new MayflyError("credentials-refused", { app, function: name, what: "the signature is for another body" }));
  }

  /** Returns false if HTTP cannot carry the head; the client was told so. */
  #writeHead(status: number, headers: string[], timing: InvocationTiming): boolean {
    if (this.#context.timingHeaders) {
      if (this.#handle !== null) headers.push(INVOCATION_HEADER, this.#handle.id);
      headers.push("server-timing", serverTiming(timing));
    }
    if (this.#context.closing) headers.push("connection", "close");
    try {
      this.#response.writeHead(status, headers);
      return true;
    } catch {
      // The error's own message would quote the header.
      this.#badResponse("HTTP cannot carry its status or its headers");
      return false;
    }
  }

  /** Replies compressed if this client takes that, and tells caches that other clients might get the reply so. */
  #replyVarying(head: ReplyHead, body: Buffer, ended: boolean): void {
    head.headers = varying(head.headers);
    const coding = this.#context.compression.hasRoom ? acceptedCoding(this.#request.headers["accept-encoding"]) : undefined;
    // How long the compressed body would be is known only when it is compressed.
    if (coding !== undefined && this.#bodyless) head.headers = compressedHeaders(head.headers, coding);
    else if (coding !== undefined && ended) return this.#replyCompressed(head, body, coding);
    else if (coding !== undefined) this.#compressBody(head, coding);
    if (this.#writeHead(head.status, head.headers, head.timing)) this.#replyBody(body, ended);
  }

  #replyCompressed(head: ReplyHead, body: Buffer, coding: Coding): void {
    this.#finish();
    this.#context.compression.whole(coding, body, (compressed) => {
      if (this.#response.destroyed) return;
      const length = String((compressed ?? body).length);
      if (compressed !== null) head.headers = [...compressedHeaders(head.headers, coding), "content-length", length];
      if (this.#writeHead(head.status, head.headers, head.timing)) this.#response.end(compressed ?? body);
    });
  }

  #compressBody(head: ReplyHead, coding: Coding): void {
    head.headers = compressedHeaders(head.headers, coding);
    const failed = () => void this.#response.destroy();
    const write = (bytes: Buffer, taken: () => void) => void this.#response.write(bytes, taken);
    const compressor = (this.#compressor = this.#context.compression.stream(coding, write, failed));
    this.#response.once(
      "close",
      guarded(() => compressor.close(), failed),
    );
  }

  #replyBody(body: Buffer, ended: boolean): void {
    if (ended) this.#replyWhole(body);
    else this.#replyStreamed(body);
  }

  #replyWhole(body: Buffer): void {
    this.#finish();
    if (this.#bodyless || body.length === 0) this.#response.end();
    else if (body.length <= JOIN_UP_TO) this.#response.end(body.toString("latin1"), "latin1");
    else this.#response.end(body);
  }

  #replyStreamed(body: Buffer): void {
    this.#writer = new PacedWriter({
      write: (bytes, written) =>
        void (this.#compressor === null ? this.#response.write(bytes, written) : this.#compressor.write(bytes, written)),
      taken: (bytes) => {
        if (!this.#over) this.#handle?.consumed(bytes);
      },
    });
    if (body.length > 0) this.#write(body);
    // A client that gets no body does not wait for the end of one, which may be far.
    if (body.length === 0 || this.#bodyless) this.#response.flushHeaders();
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
