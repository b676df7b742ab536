/** The operations that invoke functions: Invoke, InvokeAsync and InvokeWithResponseStream. */
import { guarded } from "../../../base/errors/guarded.ts";
import { AwsError, invalidValue, notFound } from "../../../control/lambda/aws-error.ts";
import type { Invokable, Invokables } from "../../../control/lambda/invokables.ts";
import type { Executions } from "../../../durable/executions.ts";
import type { TraceContexts } from "../../../telemetry/trace-context.ts";
import type { LambdaAnswer, LambdaCall, LambdaRoute } from "../call.ts";
import { Constraints } from "../constraints.ts";
import { sendError } from "../door.ts";
import { payloadOf, startExecution } from "../durable/start.ts";
import { namedIn } from "../read-name.ts";
import { runWhole } from "./collect.ts";
import { type LambdaEventParts, takeEvent } from "./lambda-events.ts";
import { EVENT_STREAM } from "./event-stream.ts";
import { refuseOtherThanJson } from "./payload.ts";
import { type Run, run, type RunParts } from "./run.ts";
import { EventStreamReply } from "./stream-reply.ts";
import { type GivenTrace, MOST_ROUNDS, traceOf } from "./trace-header.ts";

interface InvokeLimits {
  /** Of a payload, in bytes. */
  requestBytes: number;
  /** Of the payload of an asynchronous invocation. */
  eventBytes: number;
  /** Of a result that is not streamed. */
  responseBytes: number;
}

export interface InvokeParts extends RunParts {
  invokables: Invokables;
  traces: TraceContexts;
  taking: LambdaEventParts;
  limits: InvokeLimits;
  durable: Executions;
}

export function invokeRoutes(parts: InvokeParts): LambdaRoute[] {
  const { requestBytes, eventBytes } = parts.limits;
  return [
    {
      operation: "Invoke",
      method: "POST",
      path: "/2015-03-31/functions/{FunctionName}/invocations",
      right: "invoke",
      mostBytes: requestBytes,
      handle: (call) => invoke(parts, call),
    },
    {
      operation: "InvokeAsync",
      method: "POST",
      path: "/2014-11-13/functions/{FunctionName}/invoke-async",
      right: "invoke",
      mostBytes: eventBytes,
      async handle(call) {
        await take(parts, call);
        return { status: 202, body: { Status: 202 } };
      },
    },
    {
      operation: "InvokeWithResponseStream",
      method: "POST",
      path: "/2021-11-15/functions/{FunctionName}/response-streaming-invocations",
      right: "invoke",
      mostBytes: requestBytes,
      handle: (call) => invokeStreaming(parts, call),
    },
  ];
}

const NAME_HEADER = "x-amz-durable-execution-name";
const ARN_HEADER = "x-amz-durable-execution-arn";
const TYPES = ["Event", "RequestResponse", "DryRun"] as const;

function invoke(parts: InvokeParts, call: LambdaCall): LambdaAnswer | Promise<LambdaAnswer> {
  const type = header(call, "x-amz-invocation-type") ?? "RequestResponse";
  new Constraints().oneOf("invocationType", type, TYPES).oneOf("logType", header(call, "x-amz-log-type"), ["None", "Tail"]).check();
  if (type === "Event") return accepted(parts, call);
  const order = orderOf(parts, call);
  if (isDurable(order) && type !== "DryRun") return runExecution(parts, call, order);
  return type === "DryRun" ? { status: 204 } : answer(parts, order);
}

async function answer(parts: InvokeParts, order: Run): Promise<LambdaAnswer> {
  const { payload, isFailure, log } = await runWhole(parts, order, parts.limits.responseBytes);
  return {
    status: 200,
    headers: {
      "content-type": "application/json",
      "x-amz-executed-version": order.invokable.version,
      "x-amzn-remapped-content-length": "0",
      "x-amzn-trace-id": shownTrace(order.trace),
      ...(isFailure && { "x-amz-function-error": "Unhandled" }),
      ...(log !== undefined && { "x-amz-log-result": log }),
    },
    body: payload,
  };
}

async function accepted(parts: InvokeParts, call: LambdaCall): Promise<LambdaAnswer> {
  const { trace, arn } = await take(parts, call);
  return { status: 202, headers: { "x-amzn-trace-id": shownTrace(trace), ...(arn !== undefined && { [ARN_HEADER]: arn }) } };
}

function isDurable({ invokable }: Run): boolean {
  return invokable.settings.DurableConfig !== undefined;
}

/** Answers when the execution has ended, however often its function is called until then. */
async function runExecution({ durable }: InvokeParts, call: LambdaCall, order: Run): Promise<LambdaAnswer> {
  const { id, arn } = await startExecution(durable, call.account, header(call, NAME_HEADER), order, true);
  const gone = new AbortController();
  call.response.once(
    "close",
    guarded(
      () => gone.abort(),
      () => {},
    ),
  );
  const ended = await durable.ended(id, gone.signal);
  if (ended === null) throw notFound(`Durable execution not found: ${arn}`);
  const { payload, isFailure } = payloadOf(ended);
  return {
    status: 200,
    headers: {
      "content-type": "application/json",
      "x-amz-executed-version": order.invokable.version,
      "x-amzn-trace-id": shownTrace(order.trace),
      [ARN_HEADER]: arn,
      ...(isFailure && { "x-amz-function-error": "Unhandled" }),
    },
    body: payload,
  };
}

async function take(parts: InvokeParts, call: LambdaCall): Promise<Run & { arn?: string }> {
  const { eventBytes } = parts.limits;
  if (call.body.length > eventBytes)
    throw new AwsError(
      "RequestEntityTooLargeException",
      `Request must be smaller than ${eventBytes} bytes for the InvokeFunction operation`,
    );
  const order = orderOf(parts, call);
  if (isDurable(order)) {
    const { arn } = await startExecution(parts.durable, call.account, header(call, NAME_HEADER), order, false);
    return { ...order, arn };
  }
  await takeEvent(parts.taking, call.account, namedIn(call).qualifier, order);
  return order;
}

function invokeStreaming(parts: InvokeParts, call: LambdaCall): null {
  new Constraints()
    .oneOf("invocationType", header(call, "x-amz-invocation-type"), ["RequestResponse", "DryRun"])
    .oneOf("logType", header(call, "x-amz-log-type"), ["None", "Tail"])
    .check();
  const order = orderOf(parts, call);
  if (isDurable(order)) throw invalidValue("Durable functions cannot be invoked with a response stream.");
  const { response, id } = call;
  const head = {
    "x-amzn-requestid": id,
    "content-type": EVENT_STREAM,
    "x-amz-executed-version": order.invokable.version,
    "x-amzn-trace-id": shownTrace(order.trace),
  };
  if (header(call, "x-amz-invocation-type") === "DryRun") {
    response.writeHead(204, head);
    response.end();
    return null;
  }
  const reply = new EventStreamReply(
    response,
    () => response.writeHead(200, head),
    (error) => sendError(response, id, error),
  );
  reply.of(run(parts, order, reply));
  return null;
}

function orderOf({ invokables, traces }: InvokeParts, call: LambdaCall): Run {
  const { account, headers, body, id } = call;
  const tenantId = header(call, "x-amz-tenant-id");
  new Constraints()
    .length("tenantId", tenantId, 1, 256)
    .pattern("tenantId", tenantId, "[a-zA-Z0-9\\._:\\/=+\\-@ ]+", /^[a-zA-Z0-9._:/=+\-@ ]+$/)
    .check();
  const invokable = invokables.find(account, namedIn(call), tenantId);
  if (header(call, NAME_HEADER) !== undefined && invokable.settings.DurableConfig === undefined)
    throw invalidValue("The function has no DurableConfig: it cannot be started as a durable execution.");
  refuseOtherThanJson(body);
  const client = clientContext(header(call, "x-amz-client-context"));
  const trace = traceOf(traces, headers, invokable.functionArn);
  refuseLoop(invokable, trace);
  const wantsLog = header(call, "x-amz-log-type") === "Tail";
  return {
    invokable,
    id,
    attempt: 1,
    payload: body,
    trace,
    wantsLog,
    ...(client !== undefined && { client }),
    ...(tenantId !== undefined && { tenantId }),
  };
}

/** Throws RecursiveInvocationException. */
function refuseLoop({ endsLoops, functionArn }: Invokable, { rounds }: GivenTrace): void {
  if (endsLoops && rounds >= MOST_ROUNDS)
    throw new AwsError(
      "RecursiveInvocationException",
      `The function ${functionArn} was called ${rounds} times by itself in one trace, and the loop was ended.`,
    );
}

/** In characters of base64. */
const MOST_CLIENT = 3_583;

function clientContext(given: string | undefined): unknown {
  if (given === undefined) return undefined;
  if (given.length <= MOST_CLIENT) {
    try {
      return JSON.parse(Buffer.from(given, "base64").toString()) as unknown;
    } catch {
      // It is no JSON.
    }
  }
  throw new AwsError("InvalidRequestContentException", "Client context must be a valid Base64-encoded JSON object.");
}

function header({ headers }: Pick<LambdaCall, "headers">, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : undefined;
}

/** As AWS shows it to callers. */
function shownTrace({ header: text }: GivenTrace): string {
  return text.replace(/Parent=[^;]*;/, "");
}
