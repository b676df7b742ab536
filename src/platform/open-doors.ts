/** Opens the ports: from here on requests come in. */
import type { ServerStart } from "../base/config/server-start.ts";
import type { WrongCredentials } from "../clients/wrong-credentials.ts";
import { policyOptions } from "../dispatch/open-policy.ts";
import type { Urls } from "../control/overview.ts";
import { firstOf } from "../doors/admin/listen.ts";
import { openHooks } from "../doors/hooks/open-hooks.ts";
import { openLambda } from "../doors/lambda/open-lambda.ts";
import { openMetricsDoor } from "../doors/metrics/open-metrics-door.ts";
import { openApi, openBeside, openGateway } from "../doors/open-doors.ts";
import { openSqs } from "../doors/sqs/open-sqs.ts";
import type { Supervision } from "../supervisor/supervision.ts";
import { openAccessLog } from "../telemetry/access-log/open-access-log.ts";
import type { EventStream } from "../telemetry/event-stream.ts";
import type { Access } from "./open-access.ts";
import type { Apps } from "./open-apps.ts";
import type { Calls } from "./open-calls.ts";
import type { Dispatch } from "./open-dispatch.ts";
import type { Services } from "./open-services.ts";
import type { State } from "./open-state.ts";
import type { Telemetry } from "./open-telemetry.ts";

export interface DoorsNeeds {
  state: State;
  services: Services;
  telemetry: Telemetry;
  dispatch: Dispatch;
  apps: Apps;
  access: Access;
  calls: Calls;
  events: EventStream;
  supervision: Supervision | undefined;
  wrong: WrongCredentials;
  /** Takes the addresses as soon as they are known. */
  urls: Urls;
  /** Whether load balancers are told to send no more calls. */
  isDraining: () => boolean;
}

export async function openDoors(start: ServerStart, needs: DoorsNeeds) {
  const { state, services, telemetry, apps, access, calls, supervision, wrong, urls, isDraining } = needs;
  const { catalog, principals, audit } = state;
  const { certificate } = apps;
  const { invoking, places, turns } = calls;
  const isTls = certificate !== undefined;
  const gateway = await openCallsDoor(start, needs);
  urls.gateway = gateway.url;
  const { queues } = services.queues;
  const lambda = openLambda(start, {
    ...calls.lambdaParts,
    audit,
    invokeRoutes: invoking.routes,
    urlAddress: invoking.urlAddress,
    eventSources: { queues, batches: invoking.batches },
    isTls,
    places,
    turns,
  });
  const sqs = openSqs(start, { queues, catalog, principals, wrong, audit, places, turns, isTls });
  const beside = firstOf([sqs, calls.aws, lambda]);
  const api = await openApi(start, supervision?.sockets.api, { parts: apiParts(start, needs), certificate, beside });
  urls.api = api.url;
  access.acme?.start();
  const { metrics } = telemetry;
  const metricsDoors = await openMetricsDoor(start, { metrics: metrics && (() => metrics.text()), isDraining, certificate });
  const besides = [
    ...metricsDoors,
    ...(await openBeside(start, certificate, beside)),
    ...(await openBeside(start, certificate, calls.s3.beside, "objects.listen")),
    ...(await calls.redis.listen(certificate)),
  ];
  return { gateway, api, besides, telemetryUrl: metricsDoors[0]?.url };
}

/** The gateway, by which functions are called. */
async function openCallsDoor(
  start: ServerStart,
  { state, telemetry, dispatch, apps, access, calls, supervision, wrong }: DoorsNeeds,
): ReturnType<typeof openGateway> {
  const { catalog } = state;
  const { routes, certificate, callees } = apps;
  const { durable, invoking } = calls;
  const { dispatcher, recentCalls } = dispatch;
  const accessLog = await openAccessLog(start);
  const gateway = await openGateway(start, supervision?.sockets.gateway, {
    dispatcher,
    calls: dispatch.calls,
    later: durable.later,
    starting: invoking.waiting,
    hooks: openHooks(start, { catalog, callees, durable, wrong }),
    routes,
    gate: access.gate,
    certificate,
    hostCertificates: [access.hostCertificates, access.acme],
    urls: invoking.urls,
    catalog,
    accessLog,
    traces: telemetry.traces,
  });
  start.closing.defer(() => recentCalls?.close());
  return gateway;
}

/** What the management API works with. */
function apiParts(start: ServerStart, { state, services, telemetry, dispatch, apps, calls, events, wrong }: DoorsNeeds) {
  const { catalog, lambdaStore, accounts, history, invocations, logs, principals, audit } = state;
  const { config, clock } = start;
  const demand = { recording: history.demand, rules: policyOptions(config), prices: config.prices, catalog, clock };
  const { appliances, serving, overview, hostReport, callees } = apps;
  const { places, turns, buckets, durable, executions, invoking } = calls;
  return {
    catalog,
    places,
    turns,
    lambda: lambdaStore,
    objects: buckets.objects,
    accounts,
    history,
    invocations,
    logs,
    principals,
    audit,
    appliances,
    events,
    serving,
    overview,
    hostReport,
    demand,
    metrics: telemetry.metrics ?? null,
    wrong,
    durable: { ...durable, callees },
    kv: services.kv,
    sql: services.sql,
    runs: executions,
    dispatcher: invoking.waiting,
    traces: telemetry.traces,
    recentCalls: dispatch.recentCalls,
    queues: services.queues.queues,
  };
}
