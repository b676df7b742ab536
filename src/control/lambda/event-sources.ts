/** Event source mappings: which functions get the messages of which queues. What hands the messages over is told of each change. */
import { randomUUID } from "node:crypto";
import { MayflyError } from "../../base/errors/error.ts";
import type { Queue } from "../../services/queues/queue.ts";
import type { Queues } from "../../services/queues/queues.ts";
import type { EventSourceRecord } from "../../store/lambda/records.ts";
import { conflict, invalidValue, noSuchResource } from "./aws-error.ts";
import { findFunction } from "./find-function.ts";
import type { LambdaParts } from "./lambda-parts.ts";
import { type Account, partitionOf } from "./names.ts";
import { queueArn, readQueueArn } from "./queue-arns.ts";
import type { Named } from "./require-function.ts";
import { refuseTooManyRecords } from "./room.ts";

export interface EventSourceParts extends Pick<LambdaParts, "store" | "catalog" | "clock"> {
  queues: Pick<Queues, "look">;
  batches: QueueBatches;
}

/** Hands over messages as records say. */
export interface QueueBatches {
  /** The record is new, or has changed. */
  apply(tenant: string, record: EventSourceRecord): void;
  end(uuid: string): void;
  /** Records were removed, perhaps with their functions. */
  endGone(): void;
}

/** What a request may say of a mapping; null: not what is there, but nothing. */
export interface EventSourceChange {
  batchSize?: number;
  windowSeconds?: number;
  filters?: string[] | null;
  reportsFailures?: boolean;
  maximumConcurrency?: number | null;
  isEnabled?: boolean;
}

const USUAL_BATCH = 10;
/** More need a window. */
const MOST_AT_ONCE = 10;
/** Of a tenant. */
const MOST = 1_000;

/** @param arn of the queue */
export async function createEventSource(
  parts: EventSourceParts,
  account: Account,
  arn: string,
  named: Named,
  { tags, ...change }: EventSourceChange & { tags: Record<string, string> },
): Promise<EventSourceRecord> {
  const { store, clock, batches } = parts;
  const { tenant, region } = account;
  if (findFunction(parts, tenant, named.name) === undefined) throw invalidValue("Function does not exist");
  refuseLarge({ batchSize: USUAL_BATCH, windowSeconds: 0, ...change });
  const queue = await requireQueue(parts, account, arn);
  const now = clock.wall();
  const record: EventSourceRecord = {
    uuid: randomUUID(),
    function: named.name,
    ...(named.qualifier !== undefined && { qualifier: named.qualifier }),
    region,
    queue: queue.name,
    batchSize: USUAL_BATCH,
    windowSeconds: 0,
    filters: null,
    reportsFailures: false,
    maximumConcurrency: null,
    isEnabled: true,
    ...change,
    tags,
    createdAt: now,
    lastModified: now,
  };
  refuseUnfit(record, queue);
  const all = store.eventSources.all(tenant, "");
  refuseDoubled(account, record, all);
  if (all.length >= MOST) throw invalidValue(`There are ${MOST} event source mappings, which is the most that a tenant may have.`);
  refuseTooManyRecords(parts, tenant);
  store.eventSources.put(tenant, "", record.uuid, record);
  batches.apply(tenant, record);
  return record;
}

/** @param named another function, or another version of it */
export async function updateEventSource(
  parts: EventSourceParts,
  account: Account,
  uuid: string,
  named: Named | undefined,
  change: EventSourceChange,
): Promise<EventSourceRecord> {
  const { tenant } = account;
  const { queue: name } = requireEventSource(parts, account, uuid);
  if (named !== undefined && findFunction(parts, tenant, named.name) === undefined) throw invalidValue("Function does not exist");
  const queue = await requireQueue(parts, account, queueArn(account, name));
  // It may have been changed meanwhile.
  const { qualifier, ...before } = requireEventSource(parts, account, uuid);
  const of = named === undefined ? { function: before.function, qualifier } : { function: named.name, qualifier: named.qualifier };
  const record: EventSourceRecord = {
    ...before,
    function: of.function,
    ...(of.qualifier !== undefined && { qualifier: of.qualifier }),
    ...change,
    lastModified: parts.clock.wall(),
  };
  refuseUnfit(record, queue);
  refuseDoubled(
    account,
    record,
    parts.store.eventSources.all(tenant, "").filter((each) => each.uuid !== uuid),
  );
  parts.store.eventSources.put(tenant, "", uuid, record);
  parts.batches.apply(tenant, record);
  return record;
}

/** Returns what there was. */
export function deleteEventSource(parts: EventSourceParts, account: Account, uuid: string): EventSourceRecord {
  const record = requireEventSource(parts, account, uuid);
  parts.store.eventSources.remove(account.tenant, "", uuid);
  parts.batches.end(uuid);
  return record;
}

export function requireEventSource({ store }: Pick<LambdaParts, "store">, { tenant }: Account, uuid: string): EventSourceRecord {
  const record = store.eventSources.get(tenant, "", uuid);
  if (record === undefined) throw noSuchResource();
  return record;
}

export function eventSourceArn({ account, region }: Account, uuid: string): string {
  return `arn:${partitionOf(region)}:lambda:${region}:${account}:event-source-mapping:${uuid}`;
}

async function requireQueue({ queues }: EventSourceParts, { tenant, account }: Account, arn: string): Promise<Queue> {
  const named = readQueueArn(arn);
  try {
    if (named !== undefined && named.account === account) return await queues.look({ tenant, name: named.name });
  } catch (error) {
    if (!(error instanceof MayflyError) || error.code !== "no-such-queue") throw error;
  }
  throw invalidValue(
    "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.",
  );
}

/** Throws for what does not go together. */
function refuseUnfit(record: EventSourceRecord, { isFifo }: Queue): void {
  if (isFifo && record.windowSeconds > 0) throw invalidValue("Batching window is not supported for FIFO queues.");
  refuseLarge(record);
}

function refuseLarge({ batchSize, windowSeconds }: Pick<EventSourceRecord, "batchSize" | "windowSeconds">): void {
  if (batchSize > MOST_AT_ONCE && windowSeconds === 0)
    throw invalidValue(`Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than ${MOST_AT_ONCE}`);
}

function refuseDoubled(account: Account, { queue, function: name, qualifier }: EventSourceRecord, all: readonly EventSourceRecord[]): void {
  const other = all.find((each) => each.queue === queue && each.function === name && each.qualifier === qualifier);
  if (other === undefined) return;
  throw conflict(
    `An event source mapping with SQS arn (" ${queueArn(account, queue)} ") and function (" ${name} ") already exists. Please update or delete the existing mapping with UUID ${other.uuid}`,
  );
}
