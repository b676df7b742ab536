/** Runs a function once by the dispatcher, and tells what came of it in AWS's terms. The reply goes to a sink as it comes; collected.ts collects it. */
import type { Clock } from "../../../base/clock/clock.ts";
import type { ErrorDetails } from "../../../base/errors/error.ts";
import type { ErrorCode } from "../../../base/errors/table.ts";
import type { AwsError } from "../../../control/lambda/aws-error.ts";
import type { Invokable } from "../../../control/lambda/invokables.ts";
import {
  branchOfPin,
  type Dispatcher,
  type InvocationHandle,
  type InvocationReply,
  type InvocationRequest,
} from "../../../dispatch/invocation.ts";
import type { InvocationSource, InvocationTiming } from "../../../telemetry/platform-event.ts";
import { INTEGRATION_RESPONSE, type LogLevel } from "../../../wire/protocol.ts";
import type { Executions } from "./executions.ts";
import { failureOf, type FunctionFailure } from "./failures.ts";
import { LogTail } from "./log-tail.ts";
import type { GivenTrace } from "./trace-header.ts";

export interface RunParts {
  dispatcher: Dispatcher;
  executions: Executions;
  clock: Clock;
}

export interface Run {
  invokable: Invokable;
  /** AWS's request id, which is that of all attempts at the same event. */
  id: string;
  attempt: number;
  payload: Buffer;
  trace: GivenTrace;
  /** Of the other messages of a batch: see InvocationRequest. */
  links?: InvocationRequest["links"];
  /** What calls the function. Default: AWS Lambda's API. */
  source?: InvocationSource;
  /** What the caller gave as its client context, parsed. */
  client?: unknown;
  tenantId?: string;
  wantsLog: boolean;
}

/** How a run ended. */
export interface Ended {
  /** The function's own document or one of the platform's; null if the function has replied as it should. */
  failure: FunctionFailure | "reported" | null;
  /** The log's last 4 KB in base64, if it was wanted. */
  log: string | undefined;
}

/** Calls come in this order: head, data*, then ended; or refused at any time, alone. */
export interface RunSink {
  /** @param isFailure whether the body is the function's own document of its failure @param hasMetadata whether the body begins with metadata of an HTTP reply */
  head(isFailure: boolean, hasMetadata: boolean): void;
  data(chunk: Buffer): void;
  ended(ended: Ended): void;
  /** The function was not run, or the platform failed. */
  refused(error: AwsError): void;
}

/** Milliseconds for which a call waits for a machine, besides the function's time. */
const START_MS = 60_000;

/** It ends by itself, also if the caller goes away, as in AWS Lambda. Throws TooManyRequestsException if the function may not run more often at the moment. */
export function run({ dispatcher, executions, clock }: RunParts, order: Run, sink: RunSink): InvocationHandle {
  const { invokable, id, attempt, payload, trace, links, client, tenantId, wantsLog, source = { kind: "lambda" } } = order;
  const over = executions.begin(invokable);
  const { app, appName, function: name, pin, arn, settings } = invokable;
  const caller = new Caller(order, clock, wantsLog, sink, over);
  try {
    const handle = dispatcher.dispatch(
      {
        app,
        appName,
        function: name,
        ...(pin && { branch: branchOfPin(pin.name) }),
        tenantKey: tenantId,
        id,
        timeoutMs: settings.Timeout * 1_000,
        startMs: START_MS,
        endsMachine: true,
        attempt,
        source,
        trace: trace.trace,
        links,
        input: {
          kind: "event",
          lambda: { arn, traceId: trace.header, ...(client !== undefined && { client }), ...(tenantId !== undefined && { tenantId }) },
        },
        body: payload.length === 0 ? null : payload,
      },
      caller,
    );
    caller.of(handle);
    return handle;
  } catch (error) {
    over();
    throw error;
  }
}

class Caller implements InvocationReply {
  readonly #order: Run;
  readonly #clock: Clock;
  readonly #sink: RunSink;
  readonly #over: () => void;
  readonly #tail: LogTail | undefined;
  readonly #begunAt: number;
  #handle: InvocationHandle | undefined;
  #timing: InvocationTiming | undefined;
  #headAt = 0;
  #isFailure = false;
  /** The beginning of the function's document, to find its type for the log. */
  #document = "";

  constructor(order: Run, clock: Clock, wantsLog: boolean, sink: RunSink, over: () => void) {
    this.#order = order;
    this.#clock = clock;
    this.#sink = sink;
    this.#over = over;
    this.#begunAt = clock.now();
    if (wantsLog) this.#tail = tailOf(order, clock);
  }

  of(handle: InvocationHandle): void {
    this.#handle = handle;
  }

  log(level: LogLevel, text: string): void {
    this.#tail?.line(level, text);
  }

  head(status: number, headers: string[], body: Buffer, ended: boolean, timing: InvocationTiming): void {
    this.#timing = timing;
    this.#headAt = this.#clock.now();
    this.#isFailure = status >= 400;
    this.#sink.head(this.#isFailure, headers.includes(INTEGRATION_RESPONSE));
    if (body.length > 0) this.data(body);
    if (ended) this.end();
  }

  data(chunk: Buffer): void {
    if (this.#isFailure && this.#tail !== undefined && this.#document.length < 1_024) this.#document += chunk.toString("latin1", 0, 1_024);
    this.#sink.data(chunk);
  }

  end(): void {
    this.#finish(this.#isFailure ? "reported" : null);
  }

  fail(code: ErrorCode, details: ErrorDetails): void {
    const { id, invokable } = this.#order;
    const failure = failureOf(code, details, { id, arn: invokable.arn, timeoutMs: invokable.settings.Timeout * 1_000 });
    if (!(failure instanceof Error)) return this.#finish(failure);
    this.#over();
    this.#sink.refused(failure);
  }

  /** The payload was there from the beginning. */
  drain(): void {}

  #finish(failure: Ended["failure"]): void {
    this.#over();
    this.#sink.ended({ failure, log: this.#tail?.end(this.#report(failure)) });
  }

  #report(failure: Ended["failure"]): Parameters<LogTail["end"]>[0] {
    const { settings } = this.#order.invokable;
    const { run: untilHead = 0, start = 0, bind = 0 } = this.#timing ?? {};
    const now = this.#clock.now();
    const isTimeout = failure !== null && failure !== "reported" && failure.errorType === "Sandbox.Timedout";
    const durationMs = isTimeout
      ? settings.Timeout * 1_000
      : this.#timing === undefined
        ? now - this.#begunAt
        : untilHead + now - this.#headAt;
    const errorType =
      failure === "reported" ? (/"errorType":"([^"\\]{1,200})"/.exec(this.#document)?.[1] ?? "Error") : (failure?.errorType ?? "");
    const failed = failure === null ? {} : { failed: { status: isTimeout ? ("timeout" as const) : ("error" as const), errorType } };
    return { durationMs: Math.max(0.01, durationMs), initMs: start + bind, usedMb: this.#handle?.usedMb() ?? 0, ...failed };
  }
}

function tailOf({ id, invokable: { version, settings } }: Run, clock: Clock): LogTail {
  const { Runtime: runtime, MemorySize: memoryMb, LoggingConfig } = settings;
  return new LogTail({ id, version, runtime, memoryMb, format: LoggingConfig.LogFormat }, () => clock.wall());
}
