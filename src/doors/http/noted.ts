/**
 * Takes note of requests and their answers for the access log. Without that log, nothing here is called.
 *
 * Whoever answers, a function, a file or an error, calls methods of the response, which tell its note: NotedResponse over HTTP/1.1, H2Response over HTTP/2.
 */
import { type IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../../base/clock/clock.ts";
import { guardedOf } from "../../base/errors/guarded.ts";
import type { ErrorCode } from "../../base/errors/table.ts";
import type { Access } from "../../telemetry/access-log/access-line.ts";
import type { AccessLog } from "../../telemetry/access-log/open-access-log.ts";
import type { Route } from "./place.ts";

export interface Noting {
  log: AccessLog;
  clock: Pick<Clock, "wall" | "now">;
  /** How the app is called: the names of its tenant and of itself. */
  tenantName: (tenant: string) => string | undefined;
}

/** What is known of an answer while it is made. */
export class Note implements Access {
  readonly #noting: Noting;
  readonly #since: number;
  readonly #isHead: boolean;
  #isOver = false;
  readonly at: number;
  ms = 0;
  client: string;
  readonly method: string;
  host: string;
  readonly path: string;
  readonly version: string;
  status = 0;
  bytes = 0;
  complete = false;
  tenant: string | undefined;
  app: string | undefined;
  function: string | undefined;
  invocation: string | undefined;
  trace: string | undefined;
  error: string | undefined;
  readonly userAgent: string | undefined;
  readonly referer: string | undefined;

  constructor(noting: Noting, { method = "", url = "", httpVersion, headers }: IncomingMessage, client: string) {
    this.#noting = noting;
    this.#since = noting.clock.now();
    this.#isHead = method === "HEAD";
    this.at = noting.clock.wall();
    this.client = client;
    this.method = method;
    this.host = headers.host ?? "";
    this.path = noting.log.withQueries ? url : withoutQuery(url);
    this.version = httpVersion;
    this.userAgent = headers["user-agent"];
    this.referer = headers.referer;
  }

  /** @param origin see Target */
  found({ host, origin: { chain } }: { host: string; origin: { chain: string } }): void {
    this.host = host;
    const end = chain.indexOf(",");
    this.client = end < 0 ? chain : chain.slice(0, end);
  }

  routed({ tenant, appName, function: name }: Route): void {
    this.tenant = this.#noting.tenantName(tenant) ?? tenant;
    this.app = appName;
    this.function = name === "" ? undefined : name;
  }

  called(invocation: string, traceparent: string): void {
    this.invocation = invocation;
    this.trace = traceparent.slice(3, 35);
  }

  failed(code: ErrorCode): void {
    this.error = code;
  }

  answered(status: number): void {
    this.status = status;
  }

  /** A reply to HEAD has no body, whatever is given for one. */
  sent(chunk: unknown, encoding?: unknown): void {
    if (this.#isHead) return;
    if (typeof chunk === "string") this.bytes += encoding === "latin1" ? chunk.length : Buffer.byteLength(chunk);
    else if (chunk instanceof Uint8Array) this.bytes += chunk.length;
  }

  /** Only the first call counts: a connection that became a WebSocket has its line when it begins. */
  over(complete: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.ms = this.#noting.clock.now() - this.#since;
    this.complete = complete;
    this.#noting.log.write(this);
  }
}

function withoutQuery(url: string): string {
  const end = url.indexOf("?");
  return end < 0 ? url : url.slice(0, end);
}

/** A response that can have a note, which its methods tell what is sent. */
export interface Notable {
  /** Undefined until there is one. */
  readonly note: Note | undefined;
  takeNote(note: Note): void;
}

/** A server that writes an access log makes its responses of this class: methods of its own for each response would make node:http's calls of them slow. */
export class NotedResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> implements Notable {
  note: Note | undefined = undefined;

  takeNote(note: Note): void {
    this.note = note;
    this.on("close", tellOver);
  }

  override writeHead(status: number, ...more: never[]): this {
    this.note?.answered(status);
    return super.writeHead(status, ...more);
  }

  override write(chunk: unknown, ...more: never[]): boolean {
    this.note?.sent(chunk, more[0]);
    return super.write(chunk, ...more);
  }

  override end(chunk?: unknown, ...more: never[]): this {
    this.note?.sent(chunk, more[0]);
    return super.end(chunk, ...more);
  }
}

const tellOver = guardedOf<NotedResponse, []>(
  (response) => response.note?.over(response.writableFinished),
  () => undefined,
);

/** Undefined unless beginNote() was called for the response. */
export function noteOn(response: ServerResponse): Note | undefined {
  return (response as ServerResponse & Partial<Notable>).note;
}

/** @param response a NotedResponse or that of a request over HTTP/2 */
export function beginNote(noting: Noting, request: IncomingMessage, response: ServerResponse, client: string): void {
  (response as ServerResponse & Notable).takeNote(new Note(noting, request, client));
}
