/**
 * Takes note of requests and their answers for the access log. Without that log, nothing here is called.
 *
 * A response's own methods are replaced by ones that count: whoever answers, a function, a file or an error, calls those, over HTTP/1.1 and HTTP/2.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../../base/clock/clock.ts";
import { guarded } from "../../base/errors/guarded.ts";
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
export class Note {
  readonly #noting: Noting;
  readonly #access: Access;
  readonly #since: number;
  #isOver = false;

  constructor(noting: Noting, request: IncomingMessage, client: string) {
    this.#noting = noting;
    this.#since = noting.clock.now();
    const { method = "", url = "", httpVersion, headers } = request;
    this.#access = {
      at: noting.clock.wall(),
      ms: 0,
      client,
      method,
      host: headers.host ?? "",
      path: noting.log.withQueries ? url : url.split("?", 1)[0]!,
      version: httpVersion,
      status: 0,
      bytes: 0,
      complete: false,
      userAgent: headers["user-agent"],
      referer: headers.referer,
    };
  }

  /** @param origin see Target */
  found({ host, origin }: { host: string; origin: { chain: string } }): void {
    this.#access.host = host;
    this.#access.client = origin.chain.split(",", 1)[0]!;
  }

  routed({ tenant, appName, function: name }: Route): void {
    this.#access.tenant = this.#noting.tenantName(tenant) ?? tenant;
    this.#access.app = appName;
    this.#access.function = name === "" ? undefined : name;
  }

  called(invocation: string, traceparent: string): void {
    this.#access.invocation = invocation;
    this.#access.trace = traceparent.slice(3, 35);
  }

  failed(code: ErrorCode): void {
    this.#access.error = code;
  }

  answered(status: number): void {
    this.#access.status = status;
  }

  sent(chunk: unknown): void {
    if (typeof chunk === "string") this.#access.bytes += Buffer.byteLength(chunk);
    else if (chunk instanceof Uint8Array) this.#access.bytes += chunk.length;
  }

  /** Only the first call counts: a connection that became a WebSocket has its line when it begins. */
  over(complete: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#access.ms = this.#noting.clock.now() - this.#since;
    this.#access.complete = complete;
    this.#noting.log.write(this.#access);
  }
}

const noteOf = Symbol("note");
type Noted = ServerResponse & { [noteOf]?: Note };

/** Undefined unless begin() was called for the response. */
export function noteOn(response: ServerResponse): Note | undefined {
  return (response as Noted)[noteOf];
}

export function beginNote(noting: Noting, request: IncomingMessage, response: ServerResponse, client: string): void {
  const note = new Note(noting, request, client);
  const own = {
    writeHead: response.writeHead.bind(response),
    write: response.write.bind(response) as (...all: unknown[]) => boolean,
    end: response.end.bind(response) as (...all: unknown[]) => ServerResponse,
  };
  const isHead = request.method === "HEAD";
  (response as Noted)[noteOf] = note;
  Object.assign(response, {
    writeHead(status: number, ...more: never[]) {
      note.answered(status);
      return own.writeHead(status, ...more);
    },
    write(...all: unknown[]) {
      if (!isHead) note.sent(all[0]);
      return own.write(...all);
    },
    end(...all: unknown[]) {
      if (!isHead) note.sent(all[0]);
      return own.end(...all);
    },
  });
  const onClose = () => note.over(response.writableFinished);
  response.once(
    "close",
    guarded(onClose, () => undefined),
  );
}
