/** Opens all that calls functions besides the gateway: events and triggers, durable executions, AWS Lambda's API, queues, buckets' notices. */
import type { ServerStart } from "../base/config/server-start.ts";
import type { DescriptorBudget } from "../clients/descriptors.ts";
import { FairTurns } from "../clients/fair-turns.ts";
import { Shares } from "../clients/shares.ts";
import type { WrongCredentials } from "../clients/wrong-credentials.ts";
import { openDurable } from "../control/open-durable.ts";
import { readingsOf } from "../control/open-metrics.ts";
import { resumeRemovals } from "../control/tenants.ts";
import type { Dispatcher } from "../dispatch/invocation.ts";
import { openAws } from "../doors/aws/open-aws.ts";
import { openInvoking } from "../doors/lambda/open-invoking.ts";
import { createNfsDoor } from "../doors/nfs/nfs-door.ts";
import { createMachineDoor } from "../doors/redis/machine-door.ts";
import { openRedis } from "../doors/redis/open-redis.ts";
import { notifying } from "../doors/s3/notify.ts";
import { type OpenedS3, openS3 } from "../doors/s3/open-s3.ts";
import { openExecutions } from "../durable/open-executions.ts";
import { openQueueSources } from "../events/sources/queue-sources.ts";
import { objectLimits, openObjects } from "../services/objects/open-objects.ts";
import type { EventStream } from "../telemetry/event-stream.ts";
import type { Urls } from "../control/overview.ts";
import type { Apps } from "./open-apps.ts";
import type { Dispatch } from "./open-dispatch.ts";
import type { Machines } from "./open-machines.ts";
import type { Services } from "./open-services.ts";
import type { State } from "./open-state.ts";
import type { Telemetry } from "./open-telemetry.ts";

export type Calls = Awaited<ReturnType<typeof openCalls>>;

export interface CallsNeeds {
  state: State;
  machines: Machines;
  services: Services;
  telemetry: Telemetry;
  dispatch: Dispatch;
  apps: Apps;
  events: EventStream;
  descriptors: DescriptorBudget;
  wrong: WrongCredentials;
  urls: Urls;
}

/**
 * What an earlier server left begins to run at the end of this step: once everybody is there who carries it out, and all that functions reach from their machines, as long as
 * nobody can call them from outside.
 */
export async function openCalls(start: ServerStart, needs: CallsNeeds) {
  const { config } = start;
  const { state, machines, services, telemetry, dispatch, apps, events, descriptors, wrong, urls } = needs;
  const { catalog, accounts, logs, principals, audit, lambdaStore } = state;
  const { kv, queues, inside } = services;
  const { callees, serving } = apps;
  const begins: Dispatcher = { dispatch: (...call) => invoking.starting.dispatch(...call) };
  const sources = openQueueSources(start, queues);
  const durable = openDurable(start, {
    callees,
    catalog,
    kv,
    objects: () => buckets.objects,
    queues: queues.queues,
    sources,
    dispatcher: begins,
    expecting: dispatch.dispatcher,
    egress: machines.egress,
    logs,
    tracing: telemetry.tracing,
    events,
  });
  const lambdaParts = { store: lambdaStore, catalog, serving, logs, events, principals, wrong };
  const readings = { dispatcher: dispatch.dispatcher, accounts, events: durable.events, queues, names: catalog.names };
  telemetry.metrics?.readFrom(readingsOf(start, readings));
  const runs = openExecutions(start, events, telemetry.tracing);
  const { executions } = runs;
  const invoking = openInvoking(start, {
    ...lambdaParts,
    dispatcher: dispatch.calls,
    callees,
    durable,
    executions,
    sources,
    queues: queues.queues,
    traces: telemetry.traces,
    gatewayUrl: () => urls.gateway,
  });
  inside.set("lambda", invoking.inside);
  const [places, turns] = [new Shares(descriptors.api), new FairTurns()];
  const aws = openAws(start, { durable, services: inside, functions: invoking.target, principals, wrong, audit, catalog, places, turns });
  const { targets, deliver } = notifying({
    functions: invoking.fromServices,
    queues: queues.queues,
    buses: durable.buses,
    triggers: durable.bucketTriggers,
  });
  const buckets = openObjects(start, {
    limitsOf: (tenant) => objectLimits(config, catalog.tenants.limits(tenant).objectsMb),
    accounts,
    deliver,
    hasApp: (app) => catalog.names.nameOf(app) !== undefined,
    events,
  });
  const s3 = openBuckets(start, needs, { buckets, places, targets });
  const redis = openRedis(start, { commands: services.commands, principals, wrong, catalog });
  if (config.kv.redis.machines) services.streams.set("redis", createMachineDoor(redis, services.shares));
  await durable.start();
  await runs.start(invoking.invoker);
  await queues.start();
  buckets.start();
  goOnRemovingTenants(start, needs, buckets);
  return { durable, executions, invoking, aws, lambdaParts, buckets, s3, redis, places, turns };
}

type Buckets = Pick<Parameters<typeof openS3>[1], "places" | "targets"> & { buckets: ReturnType<typeof openObjects> };

/** S3's protocol, for clients and for machines, and NFS for machines that mount buckets. */
function openBuckets(start: ServerStart, { state, services, apps, wrong }: CallsNeeds, { buckets, places, targets }: Buckets): OpenedS3 {
  const { principals, audit, catalog } = state;
  const { shares, inside, streams } = services;
  const s3 = openS3(start, {
    objects: buckets.objects,
    insideObjects: buckets.inside,
    shares,
    principals,
    wrong,
    places,
    audit,
    catalog,
    isTls: apps.certificate !== undefined,
    targets,
  });
  inside.set("s3", s3.inside);
  const onError = (error: unknown) => start.log.error({ err: error }, "a bucket's files were not read");
  streams.set("nfs", createNfsDoor({ objects: buckets.inside, shares, onError }));
  return s3;
}

/** A server that was killed may have left a tenant half removed. */
function goOnRemovingTenants(
  { log, clock }: ServerStart,
  { state, apps, services, events }: CallsNeeds,
  { objects }: ReturnType<typeof openObjects>,
): void {
  const { catalog, accounts, logs, principals, audit, lambdaStore } = state;
  const { appliances, serving } = apps;
  const { queues } = services.queues;
  const parts = { catalog, lambda: lambdaStore, accounts, logs, principals, audit, appliances, events, serving, clock, objects, queues };
  resumeRemovals(parts).catch((error: unknown) => log.error({ err: error }, "a tenant is not removed yet; the next start tries again"));
}
