/** Carries events out by calling functions, through the dispatcher as any caller does. */
import type { ErrorDetails } from "../base/errors/error.ts";
import { MayflyError } from "../base/errors/error.ts";
import type { ErrorCode } from "../base/errors/table.ts";
import type { Dispatcher, InvocationHandle, InvocationReply, InvocationRequest } from "../dispatch/invocation.ts";
import type { InvocationInput } from "../wire/host-end.ts";
import type { ClaimedEvent, Lane } from "./event.ts";
import type { EndedAttempt, Outcome, Performer } from "./performer.ts";

/** The `about` of an event for a function. The lane's target is the function's name. */
export interface FunctionAbout {
  /** What of the app is called, if it is not `live`: the name of an alias, or a revision. */
  version?: string;
  input: InvocationInput;
}

/** What is called. */
export interface Callee {
  appName: string;
  /** For InvocationRequest.branch. */
  branch: string | undefined;
  timeoutMs: number;
  /** How many events of the function may run at the same time. */
  concurrency: number;
}

export interface FunctionPerformerOptions {
  dispatcher: Dispatcher;
  /** Throws "no-such-app", "no-such-function" or "no-such-version". */
  callee: (app: string, name: string, version: string | undefined) => Callee;
  /** Bytes of a result. What is longer is cut off. */
  resultBytes: number;
}

/** Errors of the table that say that the function was not run, and may be run later. */
const refusals: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "queue-full",
  "queue-timeout",
  "limit-reached",
  "shutting-down",
  "machine-start-failed",
  "too-many-executions",
  "store-busy",
]);
/** Those that say that there is nothing to run. */
const gone: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["no-such-app", "no-such-function", "no-such-version"]);

export function functionPerformer(options: FunctionPerformerOptions): Performer {
  return {
    limit({ app, target }) {
      try {
        return options.callee(app, target, undefined).concurrency;
      } catch {
        // perform() finds out why, and says so of each event.
        return 1;
      }
    },
    perform: (event, lane, attempt) => runOnce(options, event, lane, attempt),
    message: messageOf,
  };
}

type CalledEvent = Pick<ClaimedEvent, "id" | "payload" | "about" | "trace" | "source"> & Pick<InvocationRequest, "links">;

/** Calls the function of the lane once. */
export async function runOnce(options: FunctionPerformerOptions, event: CalledEvent, lane: Lane, attempt: number): Promise<Outcome> {
  try {
    return await call(options, event, lane, attempt);
  } catch (error) {
    if (error instanceof MayflyError) return outcomeOf(error.code, error.message, Buffer.alloc(0));
    throw error;
  }
}

function call(
  { dispatcher, callee, resultBytes }: FunctionPerformerOptions,
  event: CalledEvent,
  lane: Lane,
  attempt: number,
): Promise<Outcome> {
  const { version, input } = event.about as FunctionAbout;
  const { appName, branch, timeoutMs } = callee(lane.app, lane.target, version);
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const reply = new CollectedReply(resultBytes, input.kind === "http", resolve);
  const body = event.payload.length === 0 ? null : Buffer.from(event.payload.buffer, event.payload.byteOffset, event.payload.length);
  reply.handle = dispatcher.dispatch(
    {
      app: lane.app,
      appName,
      function: lane.target,
      branch,
      id: event.id,
      timeoutMs,
      attempt,
      source: event.source,
      trace: event.trace,
      links: event.links,
      input,
      body,
    },
    reply,
  );
  return promise;
}

class CollectedReply implements InvocationReply {
  readonly #most: number;
  readonly #isHttp: boolean;
  readonly #done: (outcome: Outcome) => void;
  #handle: InvocationHandle | undefined;
  /** Bytes that came before the handle was there. */
  #untold = 0;
  #status = 0;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(most: number, isHttp: boolean, done: (outcome: Outcome) => void) {
    this.#most = most;
    this.#isHttp = isHttp;
    this.#done = done;
  }

  set handle(handle: InvocationHandle) {
    this.#handle = handle;
    if (this.#untold > 0) handle.consumed(this.#untold);
  }

  head(status: number, _headers: string[], body: Buffer, ended: boolean): void {
    this.#status = status;
    if (body.length > 0) this.data(body);
    if (ended) this.end();
  }

  data(chunk: Buffer): void {
    const room = this.#most - this.#bytes;
    // The wire uses its bytes again.
    if (room > 0) this.#chunks.push(Buffer.from(chunk.subarray(0, room)));
    this.#bytes += chunk.length;
    if (this.#handle === undefined) this.#untold += chunk.length;
    else this.#handle.consumed(chunk.length);
  }

  end(): void {
    const result = Buffer.concat(this.#chunks);
    if (!this.#hasFailed()) return this.#done({ kind: "done", result });
    const why = reasonIn(result) ?? `it answered with the status ${this.#status}`;
    this.#done({ kind: "failed", why, result });
  }

  /** The agent answers an event with an error if the function throws; of a request, the caller would have to repeat it. */
  #hasFailed(): boolean {
    return this.#isHttp ? this.#status >= 500 || this.#status === 408 || this.#status === 429 : this.#status >= 400;
  }

  fail(code: ErrorCode, details: ErrorDetails): void {
    this.#done(outcomeOf(code, new MayflyError(code, details).message, Buffer.concat(this.#chunks)));
  }

  /** The payload was there from the beginning. */
  drain(): void {}
}

/** In characters. */
const MOST_OF_REASON = 500;

/** What an error document says: that of the platform, or of AWS's runtimes. */
function reasonIn(result: Buffer): string | undefined {
  if (result.length === 0 || result[0] !== 0x7b) return undefined;
  try {
    const { error, errorMessage } = JSON.parse(result.toString()) as { error?: { message?: unknown }; errorMessage?: unknown };
    const message = error?.message ?? errorMessage;
    return typeof message === "string" ? message.slice(0, MOST_OF_REASON).replace(/\.$/, "") : undefined;
  } catch {
    return undefined;
  }
}

function outcomeOf(code: ErrorCode, why: string, result: Buffer): Outcome {
  const clause = why.replace(/\.$/, "");
  if (refusals.has(code)) return { kind: "refused", why: clause };
  return gone.has(code) ? { kind: "gone", why: clause } : { kind: "failed", why: clause, result };
}

/** What a destination gets. It has the shape of AWS Lambda's records of asynchronous invocations, as far as there is something to say. */
function messageOf({ id, payload }: ClaimedEvent, { target }: Lane, { outcome, attempts, condition, at }: EndedAttempt): unknown {
  const result = "result" in outcome ? outcome.result : undefined;
  return {
    version: "1.0",
    timestamp: new Date(at).toISOString(),
    requestContext: { requestId: id, function: target, condition, approximateInvokeCount: attempts },
    requestPayload: parsed(payload),
    ...(outcome.kind !== "done" && { error: "why" in outcome ? outcome.why : "it is older than it may get" }),
    responsePayload: result === undefined ? null : parsed(result),
  };
}

/** JSON as a value, and what is none as a text. */
function parsed(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
  try {
    return text === "" ? null : (JSON.parse(text) as unknown);
  } catch {
    return text;
  }
}
