/** Opens what calls functions of the Lambda API: its operations, asynchronous invocations, and functions' URLs at the gateway. */
import type { ServerStart } from "../../base/config/server-start.ts";
import type { WrongCredentials } from "../../clients/wrong-credentials.ts";
import type { CalleeParts } from "../../control/event-callees.ts";
import { createInvokables } from "../../control/lambda/invokables.ts";
import type { Durable } from "../../control/open-durable.ts";
import type { LambdaParts } from "../../control/lambda/lambda-parts.ts";
import type { QueueBatches } from "../../control/lambda/event-sources.ts";
import type { Dispatcher } from "../../dispatch/invocation.ts";
import type { QueueSources } from "../../events/sources/queue-sources.ts";
import type { Queues } from "../../services/queues/queues.ts";
import type { Principal, Principals } from "../../store/principals/principal.ts";
import { TraceContexts } from "../../telemetry/trace-context.ts";
import type { TargetKind } from "../aws/target-kinds.ts";
import { signatureCheck } from "../signature/check-signature.ts";
import type { Executions as DurableExecutions } from "../../durable/executions.ts";
import type { Invoker } from "../../durable/invoker.ts";
import type { ServiceDoor } from "../internal/service-door.ts";
import type { LambdaRoute } from "./call.ts";
import { durableInvoker } from "./durable/durable-invoker.ts";
import { executionRoutes } from "./durable/execution-routes.ts";
import { StartingDispatcher } from "./durable/starting-dispatcher.ts";
import { durableCallee } from "./durable/durable-callee.ts";
import { createInsideDoor } from "./inside.ts";
import { Executions } from "./invoke/executions.ts";
import { type FromServices, fromServices } from "./invoke/from-services.ts";
import { functionTarget } from "./invoke/function-target.ts";
import { invokeRoutes } from "./invoke/invoke-routes.ts";
import { LAMBDA, lambdaPerformer } from "./invoke/lambda-events.ts";
import { queueBatches } from "./invoke/queue-batches.ts";
import { traceOf } from "./invoke/trace-header.ts";
import { Shares } from "../../clients/shares.ts";
import { FunctionUrls } from "./urls/function-urls.ts";
import { UrlDoor } from "./urls/url-door.ts";

interface InvokingNeeds extends Pick<LambdaParts, "store" | "catalog" | "serving" | "logs" | "events"> {
  dispatcher: Dispatcher;
  /** Keeps asynchronous invocations. */
  durable: Pick<Durable, "events" | "add">;
  /** What the functions of an app's live revision are. */
  callees: CalleeParts;
  /** Durable executions, and what begins to call their functions. */
  executions: DurableExecutions;
  sources: QueueSources;
  queues: Pick<Queues, "look">;
  principals: Pick<Principals, "ofAccessKey">;
  wrong: WrongCredentials;
  /** Default: new traces are not recorded. */
  traces?: TraceContexts | undefined;
  /** The gateway's address, without a trailing slash, once it is open. */
  gatewayUrl: () => string;
}

export interface Invoking {
  /** For calls of durable functions by other ways than this API: each starts an execution. `waiting` answers when it has ended, `starting` when it has begun. */
  waiting: Dispatcher;
  starting: Dispatcher;
  routes: LambdaRoute[];
  /** Calls the functions of executions. */
  invoker: Invoker;
  /** The API as functions reach it from their machines. */
  inside: ServiceDoor;
  /** Answers requests to functions' URLs. */
  urls: UrlDoor;
  /** Events of other services. */
  fromServices: FromServices;
  /** Hands messages of queues to functions. */
  batches: QueueBatches;
  /** The address of a function's URL. */
  urlAddress: (id: string, region: string) => string;
  /** Functions as what rules and schedules start. */
  target: TargetKind;
}

/** Of all requests to functions' URLs together. */
const ALL_BODIES = 300_000_000;

export function openInvoking({ config, clock, log }: ServerStart, needs: InvokingNeeds): Invoking {
  const { store, catalog, dispatcher, callees, durable, executions, sources, queues, principals, wrong, gatewayUrl } = needs;
  const { requestBytes, responseBytes, eventBytes, retryMs } = config.lambda;
  const parts = {
    dispatcher,
    clock,
    executions: new Executions(),
    invokables: createInvokables({ ...needs, clock }),
    traces: needs.traces ?? new TraceContexts(),
  };
  const traced = (functionArn: string, header?: string) =>
    traceOf(parts.traces, header === undefined ? {} : { "x-amzn-trace-id": header }, functionArn);
  const running = { ...parts, durable: executions, responseBytes, traceOf: traced };
  durable.add(LAMBDA, lambdaPerformer(running));
  const taking = { events: durable.events, invokables: parts.invokables, retryMs };
  const urls = new FunctionUrls({ store, domain: config.domain });
  const routes = [
    ...invokeRoutes({ ...parts, taking, limits: { requestBytes, responseBytes, eventBytes }, durable: executions }),
    ...executionRoutes({ executions, invokables: parts.invokables, store, catalog, requestBytes }),
  ];
  const startingParts = {
    dispatcher,
    executions,
    invokables: parts.invokables,
    durable: (app: string, name: string) => durableCallee(needs.callees, app, name),
    requestBytes,
    now: () => clock.wall(),
  };
  const onError = (error: unknown) => log.error({ err: error }, "the Lambda API failed for a function");
  return {
    routes,
    waiting: new StartingDispatcher({ ...startingParts, waits: true }),
    starting: new StartingDispatcher({ ...startingParts, waits: false }),
    invoker: durableInvoker({ ...parts, callees: needs.callees, responseBytes, traceOf: traced }),
    inside: createInsideDoor({ routes, catalog, clock, onError }),
    fromServices: fromServices({ ...taking, traceOf: traced }),
    urls: new UrlDoor(urls, {
      ...parts,
      durable: executions,
      room: new Shares(ALL_BODIES),
      requestBytes,
      responseBytes,
      wrong,
      check: signatureCheck<Principal>({ keys: principals, service: "lambda", clock }),
      onError: (error) => log.error({ err: error }, "a function's URL failed"),
    }),
    batches: queueBatches({ ...running, store, sources, queues }),
    target: functionTarget({ store, callees, invokables: parts.invokables, retryMs }),
    urlAddress: (id, region) => urls.addressOf(id, region, gatewayUrl()),
  };
}
