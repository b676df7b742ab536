/**
 * Calls of durable functions by other ways than the Lambda API: at the gateway, by functions of the app, and by events and what triggers start. To all of them it is a
 * dispatcher, and calls of other functions go on to the one behind it.
 *
 * 1. A call starts an execution, which is on the disk before anything is answered.
 * 2. A request with an `Idempotency-Key` starts one execution, however often it comes.
 * 3. Who waits gets the result as that of any function. Executions that may take longer than a call can are answered with 202 at once.
 */
import { createHash, randomUUID } from "node:crypto";
import { MayflyError } from "../../../base/errors/error.ts";
import { AwsError } from "../../../control/lambda/aws-error.ts";
import type { Invokable, Invokables } from "../../../control/lambda/invokables.ts";
import { type Account, accountOf } from "../../../control/lambda/names.ts";
import type { Dispatcher, InvocationHandle, InvocationReply, InvocationRequest } from "../../../dispatch/invocation.ts";
import type { EndedExecution, Executions } from "../../../durable/executions.ts";
import { WholeCall, type WholeAnswer } from "../../../events/whole-call.ts";
import type { InvocationInput } from "../../../wire/host-end.ts";
import { urlReply } from "../urls/url-result.ts";
import type { DurableCallee } from "./durable-callee.ts";
import { requestEvent } from "./request-event.ts";
import { calleeOf, MOST_WAIT_S } from "./start.ts";
import { NewTrace } from "../../../telemetry/trace-context.ts";
import { traceHeaderOf } from "../../../telemetry/traces/trace-header.ts";

export interface StartingOptions {
  /** For functions that are not durable. */
  dispatcher: Dispatcher;
  executions: Pick<Executions, "start" | "ended">;
  invokables: Pick<Invokables, "find">;
  /** The function of `live`, if it is durable. */
  durable: (app: string, name: string) => DurableCallee | undefined;
  /** Of a payload. */
  requestBytes: number;
  /** Whether calls are answered when their executions have ended, and not when they have begun. */
  waits: boolean;
  /** Wall clock, ms. */
  now: () => number;
}

const JSON_REPLY = ["content-type", "application/json"];

export class StartingDispatcher implements Dispatcher {
  readonly #options: StartingOptions;

  constructor(options: StartingOptions) {
    this.#options = options;
  }

  dispatch(request: InvocationRequest, reply: InvocationReply): InvocationHandle {
    const { durable, dispatcher, requestBytes } = this.#options;
    const callee = durable(request.app, request.function);
    if (callee === undefined || request.input.kind === "upgrade") return dispatcher.dispatch(request, reply);
    const gone = new AbortController();
    const call: WholeCall = new WholeCall(requestBytes, reply, (body) => this.#answer(request, callee, body, call.id, gone.signal));
    const abort = call.abort.bind(call);
    call.abort = () => {
      abort();
      gone.abort();
    };
    return call.begin(request);
  }

  async #answer(request: InvocationRequest, callee: DurableCallee, body: Buffer, id: string, gone: AbortSignal): Promise<WholeAnswer> {
    if (request.branch !== undefined && request.withinApp !== true)
      throw new MayflyError("bad-request", {
        what: "the function runs as durable executions, which always go on with the newest code: they are not started at one revision or alias",
      });
    const { executions, waits } = this.#options;
    const { trace } = request;
    const invokable = this.#invokable(callee);
    const name = request.id ?? nameIn(request.input) ?? randomUUID();
    const started = await executions.start(
      {
        ...calleeOf(accountFor(callee), invokable, request.tenantKey, trace instanceof NewTrace ? undefined : traceHeaderOf(trace)),
        name,
        input: this.#input(request, body, id),
        trace,
      },
      digestOf(request.input, body),
    );
    const { ExecutionTimeout = 0 } = invokable.settings.DurableConfig ?? {};
    const run = ["mayfly-run", started.id];
    if (!waits || ExecutionTimeout > MOST_WAIT_S)
      return { status: 202, headers: [...JSON_REPLY, ...run], body: Buffer.from(`${JSON.stringify({ ...started, name })}\n`) };
    const ended = await executions.ended(started.id, gone);
    return resultOf(ended, name, run);
  }

  #invokable(callee: DurableCallee): Invokable {
    try {
      return this.#options.invokables.find(accountFor(callee), { name: callee.name }, undefined);
    } catch (error) {
      if (error instanceof AwsError) throw new MayflyError("no-such-function", { app: callee.name, function: callee.name });
      throw error;
    }
  }

  #input({ input, appName }: InvocationRequest, body: Buffer, requestId: string): string | undefined {
    if (input.kind !== "http") return body.length === 0 ? undefined : body.toString();
    return JSON.stringify(requestEvent(input, { appName, body, requestId, at: this.#options.now() }));
  }
}

function accountFor({ tenant }: DurableCallee): Account {
  return { tenant, account: accountOf(tenant), region: "us-east-1" };
}

const NAME = /^[a-zA-Z0-9-_]{1,64}$/;

/** A key that cannot be a name stands for itself by its hash. */
function nameIn(input: InvocationInput): string | undefined {
  if (input.kind !== "http") return undefined;
  const at = input.headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === "idempotency-key");
  const key = at < 0 ? undefined : input.headers[at + 1]!;
  if (key === undefined || key === "") return undefined;
  return NAME.test(key) ? key : createHash("sha256").update(key).digest("hex");
}

/** Of a request that comes again, the time and some headers differ, and are no other input. */
function digestOf(input: InvocationInput, body: Buffer): string | undefined {
  if (input.kind !== "http") return undefined;
  return createHash("sha256").update(`${input.method} ${input.url}\n`).update(body).digest("hex");
}

function resultOf(ended: EndedExecution | null, name: string, run: string[]): WholeAnswer {
  if (ended === null) throw new MayflyError("no-such-execution", { id: name });
  const { status, result, error = {} } = ended;
  if (status !== "SUCCEEDED")
    throw new MayflyError("execution-failed", {
      name,
      how: hows[status],
      why: [error.ErrorType, error.ErrorMessage].filter(Boolean).join(": "),
    });
  const reply = urlReply(Buffer.from(result ?? "null"));
  if (reply === null) throw new MayflyError("bad-response", { what: "its result is no reply to a request" });
  return { ...reply, headers: [...reply.headers, ...run] };
}

const hows = { FAILED: "failed", TIMED_OUT: "has taken too long", STOPPED: "was stopped", RUNNING: "goes on" };
