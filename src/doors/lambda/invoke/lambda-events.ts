/**
 * Asynchronous invocations: the caller is told that the event was taken once it is on the disk, and it is kept until the function has handled it: src/events/ does that.
 *
 * 1. An event is run until the function has replied, has failed MaximumRetryAttempts + 1 times, or the event is older than MaximumEventAgeInSeconds, as these were when it was
 *    taken.
 * 2. An attempt that is throttled, or for which the platform fails, is no attempt of the function's.
 * 3. All attempts have the same request id. A version that an alias has chosen by weight stays chosen.
 */
import { MayflyError } from "../../../base/errors/error.ts";
import { AwsError } from "../../../control/lambda/aws-error.ts";
import type { Invokable, Invokables } from "../../../control/lambda/invokables.ts";
import type { Account } from "../../../control/lambda/names.ts";
import { readQueueArn } from "../../../control/lambda/queue-arns.ts";
import type { ClaimedEvent, Destination, EventSource, NewEvent } from "../../../events/event.ts";
import type { Events } from "../../../events/events.ts";
import type { EndedAttempt, Outcome, Performer } from "../../../events/performer.ts";
import type { Executions as DurableExecutions } from "../../../durable/executions.ts";
import { startExecution } from "../durable/start.ts";
import type { QueueAbout } from "../../../events/queue-performer.ts";
import { busy } from "../read-body.ts";
import { runWhole } from "./collect.ts";
import type { Run, RunParts } from "./run.ts";
import { traceHeaderOf } from "../../../telemetry/traces/trace-header.ts";
import type { GivenTrace } from "./trace-header.ts";

/** The name of who carries these events out. */
export const LAMBDA = "lambda";

/** The `about` of an event. */
interface LambdaAbout {
  account: Account;
  name: string;
  qualifier?: string;
  /** What the qualifier chose when the event was taken. */
  version: string;
  trace: GivenTrace | null;
  client?: unknown;
  tenantId?: string;
}

export interface LambdaEventParts {
  events: Pick<Events, "accept">;
  invokables: Invokables;
  /** Milliseconds between the function's first failure and the next attempt. */
  retryMs: number;
}

const AWS_RETRIES = 2;
const AWS_AGE_SECONDS = 21_600;
/** Events of a function that run at the same time, at most; reserved concurrency may allow fewer. */
const AT_ONCE = 100;

/** Resolves when the event is on the disk. Rejects with TooManyRequestsException and ServiceException. @param from who sends it, if it is another service */
export async function takeEvent(
  parts: LambdaEventParts,
  account: Account,
  qualifier: string | undefined,
  order: Run,
  from?: Pick<NewEvent, "source" | "idempotencyKey">,
): Promise<void> {
  try {
    await parts.events.accept({ ...lambdaEvent(parts, account, qualifier, order), ...from });
  } catch (error) {
    throw refusalOf(error);
  }
}

/** What is to be run. @property trace null: it belongs to none */
type Order = Pick<Run, "invokable" | "id" | "payload" | "client" | "tenantId"> & { trace: GivenTrace | null };

/** An invocation as an event, with the function's own rules for what becomes of it. */
export function lambdaEvent(
  parts: Pick<LambdaEventParts, "invokables" | "retryMs">,
  account: Account,
  qualifier: string | undefined,
  { invokable, id, payload, trace, client, tenantId }: Order,
  source: EventSource = { kind: "lambda" },
): NewEvent {
  const { eventInvoke } = invokable;
  const about: LambdaAbout = {
    account,
    name: invokable.name,
    version: invokable.version,
    trace,
    ...(qualifier !== undefined && { qualifier }),
    ...(client !== undefined && { client }),
    ...(tenantId !== undefined && { tenantId }),
  };
  const { OnSuccess, OnFailure } = eventInvoke?.DestinationConfig ?? {};
  const [onSuccess, given] = [OnSuccess, OnFailure].map((to) => destinationOf(parts, account, { invokable, trace }, to?.Destination));
  const onFailure = given ?? deadLetters(account, { invokable, trace });
  return {
    lane: { performer: LAMBDA, app: invokable.app, target: invokable.function },
    id,
    // The body's place is given back when the call is answered, so the event needs bytes of its own.
    payload: Buffer.from(payload),
    about,
    source,
    trace: trace?.trace ?? { traceparent: "", tracestate: "" },
    retry: {
      attempts: 1 + (eventInvoke?.MaximumRetryAttempts ?? AWS_RETRIES),
      maxAgeMs: 1_000 * (eventInvoke?.MaximumEventAgeInSeconds ?? AWS_AGE_SECONDS),
      waitMs: parts.retryMs,
      mostWaitMs: Math.max(300_000, parts.retryMs),
    },
    ...(onSuccess && { onSuccess }),
    ...(onFailure && { onFailure }),
  };
}

function refusalOf(error: unknown): unknown {
  if (!(error instanceof MayflyError)) return error;
  if (error.code === "too-many-events" || error.code === "store-busy" || error.code === "shutting-down") return busy();
  return new AwsError("ServiceException", error.message);
}

/** Undefined if there is none, or if it is of a service that is not here. */
function destinationOf(
  { invokables }: Pick<LambdaEventParts, "invokables">,
  account: Account,
  order: Pick<Order, "invokable" | "trace">,
  arn: string | undefined,
): Destination | undefined {
  const queue = arn === undefined ? undefined : queueOf(account, order, arn, false);
  if (queue !== undefined) return queue;
  const [, , service, , , , name, qualifier] = arn?.split(":") ?? [];
  if (service !== "lambda" || name === undefined) return undefined;
  try {
    const { app, function: target, version } = invokables.find(account, { name, qualifier });
    const about: LambdaAbout = { account, name, version, trace: null, ...(qualifier !== undefined && { qualifier }) };
    return { lane: { performer: LAMBDA, app, target }, about };
  } catch {
    // The function is gone, or not ready: there is nobody to tell.
    return undefined;
  }
}

/** Where the function's configuration sends payloads that were given up. A destination for failures counts more: AWS would send to both. */
function deadLetters(account: Account, order: Pick<Order, "invokable" | "trace">): Destination | undefined {
  const arn = order.invokable.settings.DeadLetterConfig?.TargetArn;
  return arn === undefined ? undefined : queueOf(account, order, arn, true);
}

function queueOf(
  account: Account,
  { invokable, trace }: Pick<Order, "invokable" | "trace">,
  arn: string,
  isDeadLetter: boolean,
): Destination | undefined {
  const queue = readQueueArn(arn);
  if (queue === undefined || queue.account !== account.account) return undefined;
  const about: QueueAbout = { ofTenant: true, isDeadLetter, ...(trace !== null && { trace: trace.header }) };
  return { lane: { performer: "queue", app: invokable.app, target: queue.name }, about };
}

export interface LambdaPerformerParts extends RunParts {
  durable: Pick<DurableExecutions, "start">;
  invokables: Invokables;
  /** Of a result, in bytes. */
  responseBytes: number;
  /** For an event without a trace of its own. */
  traceOf: (functionArn: string, header?: string) => GivenTrace;
}

export function lambdaPerformer(parts: LambdaPerformerParts): Performer {
  return {
    limit: () => AT_ONCE,
    perform(event, _lane, count) {
      return attempt(parts, (event.about as LambdaAbout).account, () => runOf(parts, event, count));
    },
    message: (event, _lane, ended) => recordOf(parts, event, ended),
  };
}

/** Throws an AwsError. */
function runOf(parts: LambdaPerformerParts, { id, payload, trace, about: given, source }: ClaimedEvent, count: number): Run {
  const about = given as LambdaAbout;
  const invokable = invokableOf(parts, about);
  const { client, tenantId } = about;
  return {
    invokable,
    id,
    attempt: count,
    payload: Buffer.from(payload.buffer, payload.byteOffset, payload.length),
    trace: about.trace ?? parts.traceOf(invokable.functionArn, traceHeaderOf(trace)),
    source,
    wantsLog: false,
    ...(client !== undefined && { client }),
    ...(tenantId !== undefined && { tenantId }),
  };
}

/** Runs a function once, or starts an execution of a durable one. @param order throws an AwsError if the function cannot be run */
export async function attempt(
  parts: RunParts & Pick<LambdaPerformerParts, "responseBytes" | "durable">,
  account: Account,
  order: () => Run,
): Promise<Outcome> {
  try {
    const run = order();
    if (run.invokable.settings.DurableConfig !== undefined) {
      // The event's id is the execution's name, so that an event which is run again starts nothing anew.
      const { arn } = await startExecution(parts.durable, account, run.id, run, false);
      return { kind: "done", result: Buffer.from(JSON.stringify({ DurableExecutionArn: arn })) };
    }
    const { isFailure, payload: result } = await runWhole(parts, run, parts.responseBytes);
    return isFailure ? { kind: "failed", why: reasonIn(result), result } : { kind: "done", result };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    if (error.name === "ResourceNotFoundException") return { kind: "gone", why: "the function is gone" };
    return { kind: "refused", why: error.message };
  }
}

/** Throws an AwsError. */
function invokableOf({ invokables }: LambdaPerformerParts, { account, name, qualifier, version, tenantId }: LambdaAbout): Invokable {
  const found = invokables.find(account, { name, qualifier }, tenantId);
  if (found.version === version || qualifier === undefined) return found;
  return { ...invokables.find(account, { name, qualifier: version }, tenantId), arn: found.arn };
}

/** The record that a destination gets. */
function recordOf(
  parts: LambdaPerformerParts,
  { id, payload, about }: ClaimedEvent,
  { outcome, attempts, condition, at }: EndedAttempt,
): unknown {
  const own = about as LambdaAbout;
  const functionArn = arnOf(parts, own);
  const result = "result" in outcome ? outcome.result : undefined;
  return {
    version: "1.0",
    timestamp: new Date(at).toISOString(),
    requestContext: { requestId: id, functionArn: `${functionArn}:${own.version}`, condition, approximateInvokeCount: attempts },
    requestPayload: parsed(payload),
    ...(result !== undefined && {
      responseContext: { statusCode: 200, executedVersion: own.version, ...(outcome.kind === "failed" && { functionError: "Unhandled" }) },
      responsePayload: parsed(result),
    }),
  };
}

function arnOf({ invokables }: LambdaPerformerParts, { account, name, version, tenantId }: LambdaAbout): string {
  try {
    return invokables.find(account, { name, qualifier: version }, tenantId).functionArn;
  } catch {
    return `arn:aws:lambda:${account.region}:${account.account}:function:${name}`;
  }
}

function reasonIn(result: Buffer): string {
  const document = parsed(result) as { errorType?: unknown; errorMessage?: unknown } | null;
  const text = [document?.errorType, document?.errorMessage].filter((each) => typeof each === "string").join(": ");
  return text === "" ? "it failed" : text.slice(0, 500);
}

/** JSON as a value; null where there is none. */
function parsed(bytes: Uint8Array): unknown {
  try {
    return bytes.length === 0 ? null : (JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()) as unknown);
  } catch {
    return null;
  }
}
